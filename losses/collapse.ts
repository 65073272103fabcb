import { matmul } from "../engine/ops/contraction.ts";
import {
  divide,
  maximum,
  multiply,
  sqrt,
  square,
  stopGradient,
  subtract,
} from "../engine/ops/elementwise.ts";
import { mean, sum, variance } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";

/**
 * How much representations vary.
 *
 * @param x `[n, width]`, rows of unit length
 * @returns `deviation`: their mean standard deviation times `sqrt(width)`, 0 if all are equal and
 * about 1 if they point everywhere; `effectiveRank`: `(Σ λ)² / Σ λ²` over the eigenvalues of their
 * covariance, from 1 to `width`; 0 where nothing varies
 */
export function collapseIndicators(
  x: Tensor,
): Readonly<Record<string, Tensor>> {
  const rows = stopGradient(x);
  const width = x.shape[1];
  const centred = subtract(rows, mean(rows, { axes: [0], keepAxes: true }));
  // [width, width]; its trace and its squared norm are sums over the eigenvalues and their squares
  const covariance = matmul(centred, centred, { transposeA: true });
  const trace = sum(square(centred));
  return {
    deviation: mean(sqrt(multiply(variance(rows, { axes: [0] }), width))),
    effectiveRank: divide(
      square(trace),
      maximum(sum(square(covariance)), 1e-30),
    ),
  };
}
