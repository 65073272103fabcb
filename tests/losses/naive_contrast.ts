import type { Normalizer } from "../../losses/contrast.ts";
import { dot, type NaiveLoss, type Rows, similarity } from "./check.ts";

/** Eqs. 15 and 16 pair by pair. */
export function naiveContrast(
  predictions: Rows,
  targets: Rows,
  isPositive: (prediction: number, target: number) => boolean,
  normalizer: Normalizer,
): NaiveLoss {
  const logarithms = { positive: 0, negative: 0 };
  const similarities = { positive: 0, negative: 0 };
  const counts = { positive: 0, negative: 0 };
  let hits = 0;
  predictions.forEach((prediction, i) => {
    const best = { positive: -Infinity, negative: -Infinity };
    targets.forEach((target, j) => {
      const kind = isPositive(i, j) ? "positive" : "negative";
      const s = similarity(prediction, target);
      logarithms[kind] -= Math.log(kind === "positive" ? s : 1 - s);
      similarities[kind] += s;
      counts[kind]++;
      best[kind] = Math.max(best[kind], dot(prediction, target));
    });
    if (best.positive > best.negative) hits++;
  });
  const { positive, negative } = counts;
  // there are no negatives if there is but one instance
  const perNegative = 1 / Math.max(negative, 1);
  return {
    loss: normalizer === "pairs"
      ? (logarithms.positive + logarithms.negative) / (positive + negative)
      : logarithms.positive / positive + logarithms.negative * perNegative,
    metrics: {
      retrieval: hits / predictions.length,
      positiveSimilarity: similarities.positive / positive,
      negativeSimilarity: similarities.negative * perNegative,
    },
  };
}
