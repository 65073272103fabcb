import { z } from "zod";
import type { LossValue, PretextOutputs } from "./term.ts";
import { vocabularyLoss } from "./vocabulary.ts";

/** Settings of the vocabulary loss of patches. */
export interface PatchVocabularyOptions {
  /** α_vp; 0 leaves the term out. */
  readonly weight: number;
}

/** @internal */
export const schema: z.ZodType<PatchVocabularyOptions> = z.strictObject({
  weight: z.number().min(0).default(0),
});

/** The part of a model that the term needs. */
export const needs: string = "model.vocabulary";

/** L_vp: Eq. 20 for masked patches; `undefined` if the model keeps no vocabulary of patches. */
export function compute(
  { patchVocabulary }: PretextOutputs,
  _options: PatchVocabularyOptions,
): LossValue | undefined {
  return patchVocabulary && {
    loss: vocabularyLoss(patchVocabulary),
    metrics: patchVocabulary.metrics,
  };
}
