import { apply, type Definitions } from "../graph/definition.ts";
import { checkPositive, type Tensor } from "../graph/tensor.ts";
import { clamp, equal, select } from "./elementwise.ts";
import { reshape } from "./movement.ts";

/** Rows of a table, by their indices. */
export interface GatherOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "gather";
}

/** Sums of updates, by the index of the row that each belongs to. */
export interface ScatterAddOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "scatterAdd";
  /** Rows of the result. */
  readonly rows: number;
}

/** Operations that address rows by number. */
export type IndexingOperation = GatherOperation | ScatterAddOperation;

/**
 * Definitions of the operations that address rows by number.
 *
 * @internal
 */
export const indexing: Definitions<IndexingOperation, "kernel"> = {
  gather: {
    role: "kernel",
    operands: "stored",
    infer(_operation, [table, indices]) {
      if (indices.dtype !== "i32" || indices.shape.length !== 1) {
        throw new RangeError(
          `gather needs a list of i32 indices, not ${indices.dtype} [${indices.shape}]`,
        );
      }
      if (table.shape.length === 0 || table.dtype === "u8") {
        throw new RangeError(
          `gather needs a table of rows, not ${table.dtype} [${table.shape}]`,
        );
      }
      return {
        shape: [indices.shape[0], ...table.shape.slice(1)],
        dtype: table.dtype,
      };
    },
    gradient(gradient, { inputs: [table, indices] }) {
      const [rows] = table.shape;
      // an index outside the table has read the nearest row
      return [
        scatterAdd(rows, clamp(indices, 0, rows - 1), gradient),
        undefined,
      ];
    },
  },
  scatterAdd: {
    role: "kernel",
    operands: "stored",
    infer({ rows }, [indices, updates]) {
      checkPositive(rows, "scatterAdd: the number of rows");
      if (
        indices.dtype !== "i32" || indices.shape.length !== 1 ||
        indices.shape[0] !== updates.shape[0]
      ) {
        throw new RangeError(
          `scatterAdd needs one i32 index per update, not ${indices.dtype} [${indices.shape}] for [${updates.shape}]`,
        );
      }
      if (updates.dtype !== "f32") {
        throw new TypeError(
          `scatterAdd needs f32 updates, not ${updates.dtype}; cast them`,
        );
      }
      return { shape: [rows, ...updates.shape.slice(1)], dtype: "f32" };
    },
    gradient(gradient, { inputs: [indices, updates] }, { rows }) {
      // an update outside the table was left out
      const isInside = equal(indices, clamp(indices, 0, rows - 1));
      const mask = reshape(isInside, [-1, ...updates.shape.slice(1).fill(1)]);
      return [undefined, select(mask, gather(gradient, indices), 0)];
    },
  },
};

/**
 * Rows of a table: `[rows, ...]` at indices `[n]` (i32) gives `[n, ...]`.
 * An index outside the table reads the nearest row.
 *
 * @throws {RangeError} if the indices are not a list of i32, or the table has no rows.
 */
export function gather(table: Tensor, indices: Tensor): Tensor {
  return apply(indexing.gather, { kind: "gather" }, [table, indices]);
}

/**
 * A table of `rows` zeros to which each update is added at its index: updates `[n, ...]` at indices
 * `[n]` (i32) give `[rows, ...]`. Updates of one row are added in their order, so the result is the
 * same every time. An index outside the table is left out.
 *
 * @throws {RangeError} if there is not one i32 index for each update.
 * @throws {TypeError} if the updates are not f32.
 */
export function scatterAdd(
  rows: number,
  indices: Tensor,
  updates: Tensor,
): Tensor {
  return apply(
    indexing.scatterAdd,
    { kind: "scatterAdd", rows },
    [indices, updates],
  );
}
