import {
  add,
  divide,
  iota,
  less,
  multiply,
  subtract,
} from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { max, sum } from "../engine/ops/reduction.ts";
import { constant, type Tensor } from "../engine/graph/tensor.ts";

const PARTS = 64;
const ROUNDS = 3;

/**
 * The values below which the given shares of the elements lie, to one part in 2¹⁸ of the largest.
 * Instead of sorting, the range is cut into 64 parts and the right one cut again.
 *
 * @param x `[n]`, at least 0
 * @param shares between 0 and 1
 * @returns one element for each share
 */
export function quantiles(x: Tensor, shares: readonly number[]): Tensor[] {
  const [n] = x.shape;
  return shares.map((share) => {
    const wanted = Math.ceil(share * n - 1e-6);
    let start: Tensor = constant(0);
    let width = max(x);
    for (let round = 0; round < ROUNDS; round++) {
      // ends of the parts: [PARTS]
      width = divide(width, PARTS);
      const ends = add(
        start,
        multiply(add(iota([PARTS], 0, "f32"), 1), width),
      );
      // [n, PARTS] -> [PARTS]: elements up to each end
      const upTo = subtract(
        n,
        sum(less(ends, reshape(x, [n, 1])), { axes: [0] }),
      );
      const passed = sum(less(upTo, wanted));
      start = add(start, multiply(passed, width));
    }
    return add(start, width);
  });
}
