import {
  add,
  exp,
  log,
  multiply,
  negate,
  subtract,
} from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import { materialize } from "../engine/ops/materialize.ts";
import { max, mean, sum } from "../engine/ops/reduction.ts";
import {
  broadcastShapes,
  sameShape,
  type Tensor,
} from "../engine/graph/tensor.ts";

/**
 * Cross entropy of the softmax over the last axis, `-log softmax(logits)` at the target, averaged
 * over the rows.
 *
 * @param logits `[..., classes]`
 * @param isTarget of the same shape, or one that broadcasts to it: 1 at each row's target, else 0
 * @throws {RangeError} if it does not.
 */
export function crossEntropy(logits: Tensor, isTarget: Tensor): Tensor {
  const { shape } = logits;
  if (!sameShape(broadcastShapes(shape, isTarget.shape), shape)) {
    throw new RangeError(
      `crossEntropy: targets [${isTarget.shape}] do not broadcast to logits [${shape}]`,
    );
  }
  const last = { axes: [-1], keepAxes: true };
  const x = materialize(logits);
  // [..., 1]
  const largest = stopGradient(max(x, last));
  const target = sum(multiply(x, isTarget), last);
  const logSumExp = add(log(sum(exp(subtract(x, largest)), last)), largest);
  return negate(mean(subtract(target, logSumExp)));
}
