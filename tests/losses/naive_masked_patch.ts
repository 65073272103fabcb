import type { Normalizer } from "../../losses/contrast.ts";
import { randomNumber } from "../random.ts";
import { dot, type NaiveLoss, type Rows, similarity } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";

/** Sizes of a batch. */
export interface BatchSizes {
  readonly n: number;
  readonly patches: number;
  readonly masked: number;
  readonly width: number;
  readonly views: number;
}

/** Eq. 15 pair by pair; the positives are at the same location of the same instance. */
export function naiveMaskedPatchLoss(
  predictions: Rows,
  targets: Rows,
  locations: ArrayLike<number>,
  { patches, masked, views }: BatchSizes,
  normalizer: Normalizer,
): NaiveLoss {
  const sums = { positive: 0, negative: 0 };
  const similarities = { positive: 0, negative: 0 };
  const counts = { positive: 0, negative: 0 };
  let hits = 0;
  predictions.forEach((prediction, i) => {
    const instance = Math.floor(i / masked / views);
    const best = { positive: -Infinity, negative: -Infinity };
    targets.forEach((target, j) => {
      const isPositive = instance === Math.floor(j / patches / views) &&
        locations[i] === j % patches;
      const kind = isPositive ? "positive" : "negative";
      const s = similarity(prediction, target);
      sums[kind] -= Math.log(isPositive ? s : 1 - s);
      similarities[kind] += s;
      counts[kind]++;
      best[kind] = Math.max(best[kind], dot(prediction, target));
    });
    if (best.positive > best.negative) hits++;
  });
  const { positive, negative } = counts;
  return {
    loss: normalizer === "pairs"
      ? (sums.positive + sums.negative) / (positive + negative)
      : sums.positive / positive + sums.negative / negative,
    metrics: {
      retrieval: hits / predictions.length,
      positiveSimilarity: similarities.positive / positive,
      negativeSimilarity: similarities.negative / negative,
      ...naiveCollapse(targets),
    },
  };
}

/** Different random locations for each image: `[n, masked]`. */
export function randomLocations(
  { n, masked, patches }: BatchSizes,
): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    Array.from({ length: n }, () => {
      const keys = Array.from({ length: patches }, () => randomNumber());
      return [...keys.keys()].sort((a, b) => keys[a] - keys[b]).slice(
        0,
        masked,
      );
    }).flat(),
  );
}
