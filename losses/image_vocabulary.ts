import { z } from "zod";
import type { LossTerm, Weighted } from "./term.ts";
import { type VocabularyComparison, vocabularyLoss } from "./vocabulary.ts";

/** L_vi: Eq. 20 for whole images; its weight is α_vi, 0 by default. */
export const imageVocabulary: LossTerm<VocabularyComparison, Weighted> = {
  schema: z.strictObject({ weight: z.number().min(0).default(0) }),
  needs: "model.doubleView and model.vocabulary",
  compute: (comparison) => ({
    loss: vocabularyLoss(comparison),
    metrics: comparison.metrics,
  }),
};
