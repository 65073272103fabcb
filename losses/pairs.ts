import { add, equal } from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import {
  checkPositive,
  type Shape,
  type Tensor,
} from "../engine/graph/tensor.ts";

/**
 * The number of instances that rows are views of.
 *
 * @throws {RangeError} if the rows are not `views` for each instance.
 */
export function countInstances(rows: number, views: number): number {
  checkPositive(views, "the number of views");
  if (rows % views !== 0) {
    throw new RangeError(
      `${rows} rows are not ${views} views of each instance`,
    );
  }
  return rows / views;
}

/**
 * Which pairs belong to the same instance.
 *
 * @param rows axes of the first of a pair, `[instances, ...]`
 * @param columns axes of the second, `[instances, ...]`
 * @param rank which part of the instances of the columns the rows have, where processes share them
 * @returns `[...rows, ...columns]`, 1 where both are of the same instance and 0 elsewhere
 */
export function sameInstance(rows: Shape, columns: Shape, rank = 0): Tensor {
  const pairs = [...rows, ...columns];
  const own = iota(pairs, 0, "f32");
  return equal(
    rank === 0 ? own : add(own, rank * rows[0]),
    iota(pairs, rows.length, "f32"),
  );
}
