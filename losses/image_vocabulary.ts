import { z } from "zod";
import type { LossValue, PretextOutputs } from "./term.ts";
import { vocabularyLoss } from "./vocabulary.ts";

/** Settings of the vocabulary loss of images. */
export interface ImageVocabularyOptions {
  /** α_vi; 0 leaves the term out. */
  readonly weight: number;
}

/** @internal */
export const schema: z.ZodType<ImageVocabularyOptions> = z.strictObject({
  weight: z.number().min(0).default(0),
});

/** The part of a model that the term needs. */
export const needs: string = "model.doubleView and model.vocabulary";

/** L_vi: Eq. 20 for images; `undefined` if the model keeps no vocabulary of images. */
export function compute(
  { imageVocabulary }: PretextOutputs,
  _options: ImageVocabularyOptions,
): LossValue | undefined {
  return imageVocabulary && {
    loss: vocabularyLoss(imageVocabulary),
    metrics: imageVocabulary.metrics,
  };
}
