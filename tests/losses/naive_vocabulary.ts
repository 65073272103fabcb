import { type Rows, similarity } from "./check.ts";

/** Eq. 20 pair by pair, averaged; the weights belong to `targets` and `entries` as they were given. */
export function naiveVocabularyLoss(
  predictions: Rows,
  targets: Rows,
  entries: Rows,
): number {
  let sum = 0;
  for (const v of entries) {
    for (let j = 0; j < predictions.length; j++) {
      const weight = similarity(v, targets[j]) - 1;
      sum += weight * Math.log(1 - similarity(v, predictions[j]));
    }
  }
  return sum / (entries.length * predictions.length);
}
