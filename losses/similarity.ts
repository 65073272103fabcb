import { matmul } from "../engine/ops/matmul.ts";
import { add, clamp, multiply } from "../engine/ops/elementwise.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";

/** Distance that similarities keep from 0 and 1, where their logarithms are infinite. */
export const SIMILARITY_MARGIN = 1e-6;

/**
 * The paper's `|x, y|` for all pairs: `(1 + cos(x, y)) / 2`, from 0 (opposite) to 1 (equal).
 *
 * @param x `[n, width]`, rows of unit length
 * @param y `[m, width]`, rows of unit length
 * @returns `[n, m]`, within `[1e-6, 1 - 1e-6]`
 * @throws {RangeError} if the shapes do not fit.
 */
export function similarity(x: Tensor, y: Tensor): Tensor {
  return awayFromBounds(rescaledCosine(x, y));
}

/** `(1 + cos(x, y)) / 2` for all pairs, within `[0, 1]` up to rounding; arguments and result as for {@linkcode similarity}. */
export function rescaledCosine(x: Tensor, y: Tensor): Tensor {
  checkShape(x, ["n", "width"], "similarity: x");
  checkShape(y, ["m", x.shape[1]], "similarity: y");
  const cosine = matmul(x, y, { transposeB: true });
  return add(multiply(cosine, 0.5), 0.5);
}

/** Clamps numbers `x` in `[0, 1]` to `[1e-6, 1 - 1e-6]`, for the logarithms of `x` and `1 - x`. */
export function awayFromBounds(x: Tensor): Tensor {
  return clamp(x, SIMILARITY_MARGIN, 1 - SIMILARITY_MARGIN);
}
