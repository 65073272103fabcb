import { less, select } from "../engine/ops/elementwise.ts";
import { max, mean } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";

/** Below every score, yet a number that WGSL can write. */
const LOWEST = -3e38;

/**
 * Retrieval@1: the share of rows in which a positive candidate scores higher than all negative ones.
 * Ties count as failures, so that collapsed representations do not look like perfect ones.
 *
 * @param scores `[..., candidates]`
 * @param isPositive of the same shape, 1 for positive candidates and 0 for negative ones
 * @throws {RangeError} if the shapes differ.
 */
export function retrieval(scores: Tensor, isPositive: Tensor): Tensor {
  checkShape(isPositive, scores.shape, "retrieval: isPositive");
  const best = { axes: [-1] };
  const positive = max(select(isPositive, scores, LOWEST), best);
  const negative = max(select(isPositive, LOWEST, scores), best);
  return mean(less(negative, positive));
}
