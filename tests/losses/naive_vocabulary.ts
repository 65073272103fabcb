import type { VocabularyLossOptions } from "../../losses/vocabulary.ts";
import { dot, type Rows, similarity } from "./check.ts";

/** Eq. 20 pair by pair, divided by the number of pairs or of predictions; the weights belong to `targets` and `entries` as they were given. */
export function naiveVocabularyLoss(
  predictions: Rows,
  targets: Rows,
  entries: Rows,
  normalizer: VocabularyLossOptions["normalizer"] = "pairs",
): number {
  let sum = 0;
  for (const v of entries) {
    for (let j = 0; j < predictions.length; j++) {
      const weight = similarity(v, targets[j]) - 1;
      sum += weight * Math.log(1 - similarity(v, predictions[j]));
    }
  }
  return sum / predictions.length /
    (normalizer === "pairs" ? entries.length : 1);
}

/** What the entries add to the negatives of one prediction in InfoNCE. */
export function naiveVocabularyNegatives(
  prediction: ArrayLike<number>,
  target: ArrayLike<number>,
  entries: Rows,
  temperature: number,
): number {
  return entries.reduce(
    (sum, v) =>
      sum +
      (1 - similarity(v, target)) * Math.exp(dot(v, prediction) / temperature),
    0,
  );
}
