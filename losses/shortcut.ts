import {
  divide,
  less,
  maximum,
  multiply,
  square,
  subtract,
} from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import { scatterAdd } from "../engine/ops/indexing.ts";
import { mean, sum } from "../engine/ops/reduction.ts";
import { checkShape, constant, type Tensor } from "../engine/graph/tensor.ts";
import { MIN_SPREAD } from "./collapse.ts";

/**
 * The share of the variance of rows that is explained by their groups, that is, the variance of the
 * means of the groups, 0 to 1. By chance it is about `(groups - 1) / (n - 1)`; where all rows are equal to within 1e-5 it is 0.
 *
 * @param x `[n, width]`, rows of unit length
 * @param group `[n]`, i32, from 0 to below `groups`
 * @throws {RangeError} if the shapes do not fit.
 */
export function explainedVariance(
  x: Tensor,
  group: Tensor,
  groups: number,
): Tensor {
  checkShape(x, ["n", "width"], "explainedVariance: x");
  checkShape(group, [x.shape[0]], "explainedVariance: group");
  const rows = stopGradient(x);
  const [n] = x.shape;
  const centred = subtract(rows, mean(rows, { axes: [0], keepAxes: true }));
  // [groups, width] and [groups, 1]
  const sums = scatterAdd(groups, group, centred);
  const counts = scatterAdd(groups, group, constant(1, [n, 1]));
  const between = sum(divide(square(sums), maximum(counts, 1)));
  const total = sum(square(centred));
  return multiply(
    less(n * MIN_SPREAD, total),
    divide(between, maximum(total, 1e-30)),
  );
}
