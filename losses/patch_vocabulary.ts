import type { LossTerm } from "./term.ts";
import {
  type VocabularyComparison,
  vocabularyLoss,
  type VocabularyLossOptions,
  vocabularyLossOptions,
} from "./vocabulary.ts";

/** L_vp: Eq. 20 for masked patches; its weight is α_vp, 0 by default. */
export const patchVocabulary: LossTerm<
  VocabularyComparison,
  VocabularyLossOptions
> = {
  title: "Vocabulary of patches, L_vp",
  subject: "patches",
  schema: vocabularyLossOptions,
  needs: "model.vocabulary",
  compute: (comparison, { normalizer }) => ({
    loss: vocabularyLoss(comparison, normalizer),
    metrics: comparison.metrics,
  }),
};
