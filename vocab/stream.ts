import type { Shape, Tensor } from "../engine/graph/tensor.ts";
import { slice } from "../engine/ops/movement.ts";

/** Entries compared at a time: few enough for the cache, enough for a fast matrix product. */
const BLOCK_ENTRIES = 512;

/** Consecutive entries of a vocabulary. */
export interface Block {
  /** `[count, ...]`: these entries of each tensor. */
  readonly parts: readonly Tensor[];
  /** Index of the first entry. */
  readonly start: number;
}

/**
 * Cuts tensors of shape `[entries, ...]` into blocks of entries, so that comparing every entry with
 * every vector never needs the whole matrix of pairs.
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
