import type { Tensor } from "../engine/tensor.ts";
import type { MaskedPatches } from "./masked_patch.ts";

/** What a pretext model offers to the loss terms; each term takes the part that it is about. */
export interface PretextOutputs {
  /** Predictions of masked patches and what they are compared with. */
  readonly maskedPatches?: MaskedPatches;
}

/** A loss with what a person wants to see beside it. */
export interface LossValue {
  /** The loss without its weight, one number. */
  readonly loss: Tensor;
  /** Further numbers by name, one element each; no gradient flows through them. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}
