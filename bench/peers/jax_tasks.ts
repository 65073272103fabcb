import type { Shape } from "../../engine/graph/tensor.ts";
import type {
  AttentionWork,
  ConvolutionWork,
  LayerStepWork,
  MatmulWork,
  Work,
} from "../work.ts";
import type { HostValues } from "./graph.ts";
import type { Backend, Jax, JaxArray } from "./jax_operations.ts";
import { trainingTask } from "./jax_training.ts";

/** A piece of work as steps, each of which turns a state into the next. */
export interface JaxTask {
  /** The state before the first step. */
  start(): JaxArray[];
  /** Uses up the state; all that it returns comes from one compiled call. */
  step(state: JaxArray[], index: number): JaxStep;
  /** The part of the outputs of a step that all contenders must agree on; uses them up. */
  report(outputs: JaxArray[]): JaxArray[];
  /** Steps that the result is about. */
  readonly steps: number;
  /** Frees its inputs and its compiled functions. */
  close(): void;
}

/** What a step makes. */
export interface JaxStep {
  readonly state: JaxArray[];
  readonly outputs: JaxArray[];
}

/** Makes an array on the device. */
export type Put = (
  values: HostValues["values"],
  shape: Shape,
) => JaxArray;

/** What jax-js does for a piece of work. */
export function jaxTask(
  jax: Jax,
  backend: Backend,
  put: Put,
  work: Work,
): JaxTask {
  switch (work.kind) {
    case "matmul":
      return matmulTask(jax, put, work);
    case "convolution":
      return convolutionTask(jax, put, work);
    case "layerStep":
      return layerTask(jax, put, work);
    case "attention":
      return attentionTask(jax, put, work);
    case "training":
      return trainingTask(jax, backend, put, work);
    default:
      throw new Error(`${work.kind} is not written for it`);
  }
}

/** The same from the same inputs each time. */
function pure(
  { jit, tree }: Jax,
  inputs: JaxArray[],
  compute: (...inputs: JaxArray[]) => JaxArray[],
  report: (outputs: JaxArray[]) => JaxArray[] = (outputs) => outputs,
): JaxTask {
  const compiled = jit(compute);
  return {
    start: () => [],
    step: () => ({ state: [], outputs: compiled(...tree.ref(inputs)) }),
    report,
    steps: 1,
    close() {
      tree.dispose(inputs);
      compiled.dispose();
    },
  };
}

function matmulTask(
  jax: Jax,
  put: Put,
  { m, n, k, a, b }: MatmulWork,
): JaxTask {
  return pure(
    jax,
    [put(a, [m, k]), put(b, [k, n])],
    (a, b) => [jax.numpy.matmul(a, b)],
  );
}

// its convolutions are NCHW with weights [outputs, inputs, height, width]
const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];
const TO_OIHW = [3, 2, 0, 1];
const TO_HWIO = [2, 3, 1, 0];

/** A convolution that keeps the size of the image. */
function convolve(jax: Jax, x: JaxArray, weight: JaxArray): JaxArray {
  return jax.lax.conv(x, weight, [1, 1], "SAME");
}

function convolutionTask(
  jax: Jax,
  put: Put,
  work: ConvolutionWork,
): JaxTask {
  const { n, size, inputs, outputs, window, pass } = work;
  const { numpy: np, vjp } = jax;
  const arrays = [
    np.transpose(put(work.x, [n, size, size, inputs]), TO_NCHW),
    np.transpose(put(work.weight, [window, window, inputs, outputs]), TO_OIHW),
    np.transpose(put(work.gradient, [n, size, size, outputs]), TO_NCHW),
  ];
  return pure(jax, arrays, (x, weight, gradient) => {
    if (pass === "forward") {
      gradient.dispose();
      return [convolve(jax, x, weight)];
    }
    // compiling leaves out the forward pass, which no output depends on
    const [y, transpose] = pass === "inputGradient"
      ? vjp((x: JaxArray) => convolve(jax, x, weight.ref), [x.ref])
      : vjp((weight: JaxArray) => convolve(jax, x.ref, weight), [weight.ref]);
    const slopes = transpose(gradient);
    for (const array of [y, x, weight]) array.dispose();
    transpose.dispose();
    return slopes;
  }, ([y]) => [np.transpose(y, pass === "weightGradient" ? TO_HWIO : TO_NHWC)]);
}

function layerTask(jax: Jax, put: Put, work: LayerStepWork): JaxTask {
  const { n, size, inputs, outputs } = work;
  const { numpy: np, nn, tree } = jax;
  const fixed = [
    np.transpose(put(work.x, [n, size, size, inputs]), TO_NCHW),
    np.transpose(put(work.target, [n, size, size, outputs]), TO_NCHW),
  ];

  function loss(
    weight: JaxArray,
    scale: JaxArray,
    shift: JaxArray,
    x: JaxArray,
    target: JaxArray,
  ): JaxArray {
    const channels = { keepdims: true };
    const y = convolve(jax, x, weight);
    const centred = y.ref.sub(np.mean(y, [0, 2, 3], channels));
    const variance = np.mean(np.square(centred.ref), [0, 2, 3], channels);
    const deviation = np.sqrt(variance.add(1e-5));
    const normal = centred.div(deviation).mul(scale).add(shift);
    return np.mean(nn.relu(normal).mul(target));
  }

  const slopes = jax.grad(loss, { argnums: [0, 1, 2, 3] });
  const compiled = jax.jit((state: JaxArray[], [x, target]: JaxArray[]) => {
    const [weight, scale, shift] = tree.ref(state);
    const [ofWeight, ofScale, ofShift, ofX] = slopes(
      weight,
      scale,
      shift,
      x,
      target,
    );
    const next = [ofWeight, ofScale, ofShift].map((slope, i) =>
      state[i].sub(slope.mul(0.1))
    );
    return { state: next, outputs: [next[0].ref, ofX] };
  });
  return {
    start: () => [
      np.transpose(put(work.weight, [3, 3, inputs, outputs]), TO_OIHW),
      put(new Float32Array(outputs).fill(1), [1, outputs, 1, 1]),
      put(new Float32Array(outputs), [1, outputs, 1, 1]),
    ],
    step: (state) => compiled(state, tree.ref(fixed)),
    report([weight, ofX]) {
      ofX.dispose();
      return [np.transpose(weight, TO_HWIO)];
    },
    steps: 1,
    close() {
      tree.dispose(fixed);
      compiled.dispose();
    },
  };
}

function attentionTask(jax: Jax, put: Put, work: AttentionWork): JaxTask {
  const { batch, tokens, width, heads, query, key, value, target } = work;
  const shape = [batch, tokens, heads, width / heads];
  const loss = (
    query: JaxArray,
    key: JaxArray,
    value: JaxArray,
    target: JaxArray,
  ) =>
    jax.numpy.mean(
      jax.nn.dotProductAttention(query, key, value).mul(target),
    );
  const slopes = jax.grad(loss, { argnums: [0, 1, 2] });
  return pure(
    jax,
    [query, key, value, target].map((values) => put(values, shape)),
    (query, key, value, target) => slopes(query, key, value, target),
  );
}
