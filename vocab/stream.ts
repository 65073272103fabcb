import type { Shape, Tensor } from "../engine/graph/tensor.ts";
import { slice } from "../engine/ops/movement.ts";

/** Entries that are compared at a time: few enough for a cache, enough for a fast matrix product. */
const BLOCK_ENTRIES = 512;

/** Consecutive entries of a vocabulary. */
export interface Block {
  /** `[count, ...]` of each tensor that was cut. */
  readonly parts: readonly Tensor[];
  /** Position of the first entry. */
  readonly start: number;
}

/**
 * Cuts tensors of `[entries, ...]` into blocks, so that comparing all entries with all vectors never
 * needs a matrix of entries x vectors.
 */
export function blocks(...tensors: readonly Tensor[]): Block[] {
  const [entries] = tensors[0].shape;
  return Array.from(
    { length: Math.ceil(entries / BLOCK_ENTRIES) },
    (_, block) => {
      const start = block * BLOCK_ENTRIES;
      const count = Math.min(BLOCK_ENTRIES, entries - start);
      const cut = (tensor: Tensor) => {
        const rest: Shape = tensor.shape.slice(1);
        return slice(tensor, [start, ...rest.map(() => 0)], [count, ...rest]);
      };
      return { parts: tensors.map(cut), start };
    },
  );
}
