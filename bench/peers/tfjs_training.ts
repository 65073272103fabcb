// deno-lint-ignore-file no-import-prefix -- fetched for the benchmark alone, and in no lock file
import type { Scalar, Tensor } from "npm:@tensorflow/tfjs@4.22.0";
import type { Tensor as Node } from "../../engine/graph/tensor.ts";
import type { TrainingWork } from "../work.ts";
import { hostValues, initialParameters, interpret } from "./graph.ts";
import { tensorOf, type Tfjs, tfjsOperations } from "./tfjs_operations.ts";
import type { TfjsTask } from "./tfjs_tasks.ts";

/** Forward, backward and AdamW. The state is the parameters and both moments, one after another. */
export function trainingTask(tf: Tfjs, work: TrainingWork): TfjsTask {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = work.optimizer;
  const operations = tfjsOperations(tf);
  const parameters = [...work.parameters.values()];
  const leaves = new Map<Node, Tensor>();
  for (const [node, { values, shape }] of hostValues(work)) {
    leaves.set(node, tensorOf(tf, values, shape));
  }
  const fixed = [...leaves.values()];
  const count = parameters.length;

  const lossAndSlopes = tf.valueAndGrads((...trained: Tensor[]) => {
    parameters.forEach((node, i) => leaves.set(node, trained[i]));
    return interpret(
      work.loss,
      (node) => leaves.get(node),
      operations,
    ) as Scalar;
  });

  return {
    fixed,
    start() {
      const first = initialParameters(work);
      const zeros = first.map(({ shape }) => tf.zeros([...shape]));
      return [
        ...first.map(({ values, shape }) => tensorOf(tf, values, shape)),
        ...zeros,
        ...zeros.map((zero) => tf.zerosLike(zero)),
      ];
    },
    step(state, index) {
      const { value, grads } = lossAndSlopes(state.slice(0, count));
      const stepSize = learningRate / (1 - beta1 ** (index + 1));
      const correction = 1 / Math.sqrt(1 - beta2 ** (index + 1));
      // made once for all parameters
      const scalars = [
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        correction,
        epsilon,
        stepSize,
        1 - learningRate * weightDecay,
      ].map((number) => tf.scalar(number));
      const updated = grads.map((slope, i) => {
        const [weight, first, second] = [0, 1, 2].map((part) =>
          state[part * count + i]
        );
        const [b1, rest1, b2, rest2, corrected, small, size, decay] = scalars;
        const m = tf.add(tf.mul(first, b1), tf.mul(slope, rest1));
        const v = tf.add(tf.mul(second, b2), tf.mul(tf.square(slope), rest2));
        const deviation = tf.add(tf.mul(tf.sqrt(v), corrected), small);
        const change = tf.mul(tf.div(m, deviation), size);
        return [tf.sub(tf.mul(weight, decay), change), m, v];
      });
      const next = [0, 1, 2].flatMap((part) =>
        updated.map((parts) => parts[part])
      );
      return { state: next, outputs: [value] };
    },
    steps: 3,
    reported: 1,
  };
}
