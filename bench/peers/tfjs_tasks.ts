// deno-lint-ignore-file no-import-prefix -- fetched for the benchmark alone, and in no lock file
import type { Rank, Tensor, Tensor4D } from "npm:@tensorflow/tfjs@4.22.0";
import type {
  AttentionWork,
  ConvolutionWork,
  LayerStepWork,
  MatmulWork,
  Work,
} from "../work.ts";
import type { Tfjs } from "./tfjs_operations.ts";
import { trainingTask } from "./tfjs_training.ts";

/** A piece of work as steps, each of which turns a state into the next. */
export interface TfjsTask {
  /** Inputs that all steps share. */
  readonly fixed: Tensor[];
  /** The state before the first step. */
  start(): Tensor[];
  /** Leaves the old state as it is. */
  step(state: Tensor[], index: number): TfjsStep;
  /** Steps that the result is about. */
  readonly steps: number;
  /** How many of the outputs of a step all contenders must agree on, from the first one. */
  readonly reported: number;
}

/** What a step makes; a type, not an interface, since `tf.tidy` looks for tensors in it. */
export type TfjsStep = {
  readonly state: Tensor[];
  readonly outputs: Tensor[];
};

/** What TensorFlow.js does for a piece of work. */
export function tfjsTask(tf: Tfjs, work: Work): TfjsTask {
  switch (work.kind) {
    case "matmul":
      return matmulTask(tf, work);
    case "convolution":
      return convolutionTask(tf, work);
    case "layerStep":
      return layerTask(tf, work);
    case "attention":
      return attentionTask(tf, work);
    case "training":
      return trainingTask(tf, work);
    default:
      throw new Error(`${work.kind} is not written for it`);
  }
}

/** The same from the same inputs each time. */
function pure(fixed: Tensor[], compute: () => Tensor[]): TfjsTask {
  return {
    fixed,
    start: () => [],
    step: () => ({ state: [], outputs: compute() }),
    steps: 1,
    reported: Infinity,
  };
}

function matmulTask(tf: Tfjs, work: MatmulWork): TfjsTask {
  const { m, n, k } = work;
  const a = tf.tensor(work.a, [m, k]);
  const b = tf.tensor(work.b, [k, n]);
  return pure([a, b], () => [tf.matMul(a, b)]);
}

function convolutionTask(tf: Tfjs, work: ConvolutionWork): TfjsTask {
  const { n, size, inputs, outputs, window, pass } = work;
  const x = tf.tensor4d(work.x, [n, size, size, inputs]);
  const filterShape: Tensor4D["shape"] = [window, window, inputs, outputs];
  const weight = tf.tensor4d(work.weight, filterShape);
  const gradient = tf.tensor4d(work.gradient, [n, size, size, outputs]);
  const passes: Record<ConvolutionWork["pass"], () => Tensor> = {
    forward: () => tf.conv2d(x, weight, 1, "same"),
    inputGradient: () =>
      tf.conv2dTranspose(gradient, weight, x.shape, 1, "same"),
    // it has no function of its own
    weightGradient: () =>
      tf.engine().runKernel<Tensor>(
        tf.Conv2DBackpropFilter,
        { x, dy: gradient },
        { strides: 1, pad: "same", dataFormat: "NHWC", filterShape },
      ),
  };
  return pure([x, weight, gradient], () => [passes[pass]()]);
}

function layerTask(tf: Tfjs, work: LayerStepWork): TfjsTask {
  const { n, size, inputs, outputs } = work;
  const x = tf.tensor4d(work.x, [n, size, size, inputs]);
  const target = tf.tensor4d(work.target, [n, size, size, outputs]);
  const slopes = tf.grads(
    (x: Tensor, weight: Tensor, scale: Tensor, shift: Tensor) => {
      const y = tf.conv2d(x as Tensor4D, weight as Tensor4D, 1, "same");
      const { mean, variance } = tf.moments(y, [0, 1, 2]);
      const normal = tf.batchNorm(
        y,
        mean as Tensor<Rank.R1>,
        variance as Tensor<Rank.R1>,
        shift as Tensor<Rank.R1>,
        scale as Tensor<Rank.R1>,
        1e-5,
      );
      return tf.mean(tf.mul(tf.relu(normal), target));
    },
  );
  return {
    fixed: [x, target],
    start: () => [
      tf.tensor(work.weight, [3, 3, inputs, outputs]),
      tf.ones([outputs]),
      tf.zeros([outputs]),
    ],
    step(state) {
      const [ofX, ...ofState] = slopes([x, ...state]);
      const next = state.map((value, i) =>
        tf.sub(value, tf.mul(ofState[i], 0.1))
      );
      return { state: next, outputs: [tf.clone(next[0]), ofX] };
    },
    steps: 1,
    reported: 1,
  };
}

function attentionTask(tf: Tfjs, work: AttentionWork): TfjsTask {
  const { batch, tokens, width, heads } = work;
  const shape = [batch, tokens, width];
  const target = tf.tensor(work.target, shape);
  const inputs = [work.query, work.key, work.value].map((values) =>
    tf.tensor(values, shape)
  );
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: Tensor) =>
    tf.transpose(tf.reshape(x, [batch, tokens, heads, width / heads]), [
      0,
      2,
      1,
      3,
    ]);
  const slopes = tf.grads((query: Tensor, key: Tensor, value: Tensor) => {
    const products = tf.matMul(split(query), split(key), false, true);
    const weights = tf.softmax(tf.mul(products, Math.sqrt(heads / width)));
    const mixed = tf.transpose(tf.matMul(weights, split(value)), [0, 2, 1, 3]);
    return tf.mean(tf.mul(tf.reshape(mixed, shape), target));
  });
  return pure([...inputs, target], () => slopes(inputs));
}
