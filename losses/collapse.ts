import { matmul } from "../engine/ops/matmul.ts";
import {
  divide,
  less,
  maximum,
  multiply,
  sqrt,
  square,
  subtract,
} from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import { mean, sum, variance } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";

/** A mean squared distance of unit rows from their mean that may be nothing but the rounding of the mean. */
export const MIN_SPREAD = 1e-10;

/**
 * How much representations vary.
 *
 * @param x `[n, width]`, rows of unit length
 * @returns `deviation`: the mean standard deviation of a feature times `sqrt(width)`, from 0 where
 * all rows are equal to about 1 where they point everywhere; `effectiveRank`: `(Σ λ)² / Σ λ²` over
 * the eigenvalues of their covariance, from 1 to `width`, or 0 where all rows are equal to within 1e-5
 * @throws {RangeError} if `x` has other axes.
 */
export function collapseIndicators(
  x: Tensor,
): Readonly<Record<string, Tensor>> {
  checkShape(x, ["n", "width"], "collapseIndicators: x");
  const rows = stopGradient(x);
  const [n, width] = x.shape;
  const centred = subtract(rows, mean(rows, { axes: [0], keepAxes: true }));
  // [width, width]; the eigenvalues add up to its trace, their squares to its squared norm
  const covariance = matmul(centred, centred, { transposeA: true });
  const trace = sum(square(centred));
  return {
    deviation: mean(sqrt(multiply(variance(rows, { axes: [0] }), width))),
    effectiveRank: multiply(
      less(n * MIN_SPREAD, trace),
      divide(square(trace), maximum(sum(square(covariance)), 1e-30)),
    ),
  };
}
