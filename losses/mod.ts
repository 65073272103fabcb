/**
 * The loss terms of the paper as functions of symbolic tensors, and the interface of your own terms.
 *
 * @module
 */
export type {
  LossTerm,
  LossValue,
  MaskSizes,
  PatchPredictions,
  RetrievalTask,
  StepSizes,
  Weighted,
} from "./term.ts";
export type { PretextOutputs } from "./outputs.ts";
export type { LossOptions, TermName, TermOutputs } from "./registry.ts";
export {
  type MaskedPatches,
  maskedPatchLoss,
  type MaskedPatchLossOptions,
} from "./masked_patch.ts";
export {
  imageLoss,
  type ImageLossOptions,
  type PredictedImages,
} from "./image.ts";
export {
  type VocabularyComparison,
  vocabularyLoss,
  type VocabularyLossOptions,
  vocabularyNegatives,
} from "./vocabulary.ts";
export { type Jigsaw, selfieLoss } from "./selfie.ts";
export {
  allpLoss,
  type AllpLossOptions,
  type ContrastedViews,
} from "./allp.ts";
export {
  contrast,
  type Contrasted,
  type ContrastOptions,
  type Normalizer,
} from "./contrast.ts";
export { crossEntropy } from "./cross_entropy.ts";
export { similarity } from "./similarity.ts";
