import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";

/** A store of vectors of earlier batches, from which negatives are taken. */
export interface Vocabulary {
  /**
   * Takes in the targets of a step; no gradient flows.
   *
   * @param targets `[n, width]`, rows of unit length
   * @returns all entries afterwards, `[entries, width]`, rows of unit length
   */
  update(targets: Tensor, context: Context): Tensor;
  /** Numbers that say how the entries are used, one element each; as of the latest update. */
  metrics(context: Context): Readonly<Record<string, Tensor>>;
}
