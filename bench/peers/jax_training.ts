import type { Tensor } from "../../engine/graph/tensor.ts";
import type { TrainingWork } from "../work.ts";
import { hostValues, initialParameters, interpret } from "./graph.ts";
import {
  type Backend,
  type Jax,
  type JaxArray,
  jaxOperations,
} from "./jax_operations.ts";
import type { JaxTask, Put } from "./jax_tasks.ts";

/** Parameters and the moments of their gradients, three arrays of arrays one after another. */
type State = JaxArray[];

/** Forward, backward and AdamW as one compiled function. */
export function trainingTask(
  jax: Jax,
  backend: Backend,
  put: Put,
  work: TrainingWork,
): JaxTask {
  const { numpy: np, tree } = jax;
  const { learningRate, beta1, beta2, epsilon, weightDecay } = work.optimizer;
  const operations = jaxOperations(jax, backend);
  const parameters = [...work.parameters.values()];
  const host = hostValues(work);
  const fixed = [...host.values()].map(({ values, shape }) =>
    put(values, shape)
  );
  const count = parameters.length;

  function loss(trained: JaxArray[], fixed: JaxArray[]): JaxArray {
    const leaves = new Map<Tensor, JaxArray>();
    parameters.forEach((node, i) => leaves.set(node, trained[i]));
    [...host.keys()].forEach((node, i) => leaves.set(node, fixed[i]));
    const value = interpret(work.loss, (node) => leaves.get(node), operations);
    tree.dispose([...trained, ...fixed]);
    return value;
  }

  const lossAndSlopes = jax.valueAndGrad(loss);
  const compiled = jax.jit(
    (state: State, fixed: JaxArray[], factors: JaxArray) => {
      const trained = state.slice(0, count);
      const [value, slopes] = lossAndSlopes(tree.ref(trained), fixed);
      const [stepSize, correction] = [...factors];
      const updated = slopes.map((slope, i) => {
        const [weight, first, second] = [0, 1, 2].map((part) =>
          state[part * count + i]
        );
        const m = first.mul(beta1).add(slope.ref.mul(1 - beta1));
        const v = second.mul(beta2).add(np.square(slope).mul(1 - beta2));
        const deviation = np.sqrt(v.ref).mul(correction.ref).add(epsilon);
        const direction = m.ref.div(deviation).mul(stepSize.ref);
        const decayed = weight.mul(1 - learningRate * weightDecay);
        return [decayed.sub(direction), m, v];
      });
      tree.dispose([stepSize, correction]);
      const next = [0, 1, 2].flatMap((part) =>
        updated.map((parts) => parts[part])
      );
      return { state: next, outputs: [value] };
    },
  );

  return {
    start() {
      const first = initialParameters(work);
      const zeros = first.map(({ values, shape }) => ({
        values: new Float32Array(values.length),
        shape,
      }));
      return [...first, ...zeros, ...zeros].map(({ values, shape }) =>
        put(values, shape)
      );
    },
    step(state, index) {
      // step size and the correction of the second moment, as the optimiser of this project has them
      const factors = new Float32Array([
        learningRate / (1 - beta1 ** (index + 1)),
        1 / Math.sqrt(1 - beta2 ** (index + 1)),
      ]);
      return compiled(state, tree.ref(fixed), put(factors, [2]));
    },
    report: (outputs) => outputs,
    steps: 3,
    close() {
      tree.dispose(fixed);
      compiled.dispose();
    },
  };
}
