import type { Normalizer } from "../../losses/contrast.ts";
import { type NaiveLoss, type Rows, similarity } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";

/** Eq. 16 pair by pair; the positives are the images of the same instance. */
export function naiveImageLoss(
  predictions: Rows,
  targets: Rows,
  views: number,
  normalizer: Normalizer,
): NaiveLoss {
  const logarithms = { positive: 0, negative: 0 };
  const similarities = { positive: 0, negative: 0 };
  const counts = { positive: 0, negative: 0 };
  let hits = 0;
  predictions.forEach((prediction, i) => {
    const best = { positive: 0, negative: 0 };
    targets.forEach((target, j) => {
      const s = similarity(prediction, target);
      const isPositive = Math.floor(i / views) === Math.floor(j / views);
      const kind = isPositive ? "positive" : "negative";
      logarithms[kind] += Math.log(isPositive ? s : 1 - s);
      similarities[kind] += s;
      counts[kind]++;
      best[kind] = Math.max(best[kind], s);
    });
    if (best.positive > best.negative) hits++;
  });
  const { positive, negative } = counts;
  // there are no negatives if there is but one instance
  const perNegative = 1 / Math.max(negative, 1);
  const loss = normalizer === "pairs"
    ? (logarithms.positive + logarithms.negative) / (positive + negative)
    : logarithms.positive / positive + logarithms.negative * perNegative;
  return {
    loss: -loss,
    metrics: {
      retrieval: hits / predictions.length,
      positiveSimilarity: similarities.positive / positive,
      negativeSimilarity: similarities.negative * perNegative,
      ...naiveCollapse(targets),
    },
  };
}
