import type { Tensor } from "../engine/graph/tensor.ts";
import type { ContrastedViews } from "./allp.ts";
import type { PredictedImages } from "./image.ts";
import type { MaskedPatches } from "./masked_patch.ts";
import type { Jigsaw } from "./selfie.ts";
import type { VocabularyComparison } from "./vocabulary.ts";

/** What a pretext model offers to the loss terms; each term takes the part that it is about. */
export interface PretextOutputs {
  /** Predictions of masked patches and what they are compared with. */
  readonly maskedPatches?: MaskedPatches;
  /** Predictions of whole images and what they are compared with. */
  readonly images?: PredictedImages;
  /** Predictions of masked patches and the vocabulary of patches. */
  readonly patchVocabulary?: VocabularyComparison;
  /** Predictions of whole images and the vocabulary of images. */
  readonly imageVocabulary?: VocabularyComparison;
  /** Queries and candidates of Selfie. */
  readonly jigsaw?: Jigsaw;
  /** One vector for each view, of Allp. */
  readonly views?: ContrastedViews;
}

/** A loss with what a person wants to see beside it. */
export interface LossValue {
  /** The loss without its weight, one number. */
  readonly loss: Tensor;
  /** Further numbers by name, one element each; no gradient flows through them. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}
