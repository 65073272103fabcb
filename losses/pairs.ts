import { equal, iota } from "../engine/ops/elementwise.ts";
import type { Shape, Tensor } from "../engine/graph/tensor.ts";

/**
 * Which pairs belong to the same instance.
 *
 * @param rows axes of the first of a pair, `[instances, ...]`
 * @param columns axes of the second, `[instances, ...]`
 * @returns `[...rows, ...columns]`, 1 where both first indices are equal and 0 elsewhere
 */
export function sameInstance(rows: Shape, columns: Shape): Tensor {
  const pairs = [...rows, ...columns];
  return equal(iota(pairs, 0, "f32"), iota(pairs, rows.length, "f32"));
}
