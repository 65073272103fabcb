import type { LossTerm } from "./term.ts";
import {
  type VocabularyComparison,
  vocabularyLoss,
  type VocabularyLossOptions,
  vocabularyLossOptions,
} from "./vocabulary.ts";

/** L_vi: Eq. 20 for whole images; its weight is α_vi, 0 by default. */
export const imageVocabulary: LossTerm<
  VocabularyComparison,
  VocabularyLossOptions
> = {
  title: "Vocabulary of images, L_vi",
  subject: "images",
  schema: vocabularyLossOptions,
  needs: "model.doubleView and model.vocabulary",
  compute: (comparison, { normalizer }) => ({
    loss: vocabularyLoss(comparison, normalizer),
    metrics: comparison.metrics,
  }),
};
