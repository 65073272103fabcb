import { z } from "zod";
import type { LossTerm, Weighted } from "./term.ts";
import { type VocabularyComparison, vocabularyLoss } from "./vocabulary.ts";

/** L_vp: Eq. 20 for masked patches; its weight is α_vp, 0 by default. */
export const patchVocabulary: LossTerm<VocabularyComparison, Weighted> = {
  schema: z.strictObject({ weight: z.number().min(0).default(0) }),
  needs: "model.vocabulary",
  compute: (comparison) => ({
    loss: vocabularyLoss(comparison),
    metrics: comparison.metrics,
  }),
};
