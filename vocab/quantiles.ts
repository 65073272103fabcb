import {
  add,
  divide,
  less,
  multiply,
  subtract,
} from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { reshape } from "../engine/ops/movement.ts";
import { max, sum } from "../engine/ops/reduction.ts";
import { checkShape, constant, type Tensor } from "../engine/graph/tensor.ts";

const PARTS = 64;
const ROUNDS = 3;

/**
 * Quantiles, to one part in 2¹⁸ of the largest element: instead of sorting, the range is cut into 64
 * parts, and the part that holds the quantile is cut again, three times in all.
 *
 * @param x `[n]`, at least 0
 * @param shares between 0 and 1
 * @returns one element for each share
 * @throws {RangeError} if `x` has other axes, or a share is not between 0 and 1.
 */
export function quantiles(x: Tensor, shares: readonly number[]): Tensor[] {
  checkShape(x, ["n"], "quantiles: x");
  const wrong = shares.find((share) => !(share >= 0 && share <= 1));
  if (wrong !== undefined) {
    throw new RangeError(`a quantile's share is between 0 and 1, not ${wrong}`);
  }
  const [n] = x.shape;
  return shares.map((share) => {
    const rank = Math.ceil(share * n - 1e-6);
    let start: Tensor = constant(0);
    let width = max(x);
    for (let round = 0; round < ROUNDS; round++) {
      // upper ends of the parts: [PARTS]
      width = divide(width, PARTS);
      const ends = add(
        start,
        multiply(add(iota([PARTS], 0, "f32"), 1), width),
      );
      // [n, PARTS] -> [PARTS]: how many elements lie at or below each end
      const atOrBelow = subtract(
        n,
        sum(less(ends, reshape(x, [n, 1])), { axes: [0] }),
      );
      const skipped = sum(less(atOrBelow, rank));
      start = add(start, multiply(skipped, width));
    }
    return add(start, width);
  });
}
