import { sameShape, Tensor } from "../graph/tensor.ts";

/**
 * Rows of a table: `[rows, ...]` at indices `[n]` (i32) gives `[n, ...]`.
 * An index outside the table reads the nearest row.
 */
export function gather(table: Tensor, indices: Tensor): Tensor {
  if (indices.dtype !== "i32" || indices.shape.length !== 1) {
    throw new RangeError(
      `gather needs a list of i32 indices, not ${indices.dtype} [${indices.shape}]`,
    );
  }
  return new Tensor(
    { kind: "gather" },
    [table, indices],
    [indices.shape[0], ...table.shape.slice(1)],
    table.dtype,
  );
}

/**
 * A table of `rows` zeros to which each update is added at its index: updates `[n, ...]` at indices
 * `[n]` (i32) give `[rows, ...]`. Updates of one row are added in their order, so the result is the
 * same every time. An index outside the table is left out.
 */
export function scatterAdd(
  rows: number,
  indices: Tensor,
  updates: Tensor,
): Tensor {
  if (
    indices.dtype !== "i32" ||
    !sameShape(indices.shape, updates.shape.slice(0, 1))
  ) {
    throw new RangeError(
      `scatterAdd needs one i32 index per update, not ${indices.dtype} [${indices.shape}] for [${updates.shape}]`,
    );
  }
  return new Tensor({ kind: "scatterAdd" }, [indices, updates], [
    rows,
    ...updates.shape.slice(1),
  ]);
}
