import type { MaskedPatchLossOptions } from "../../losses/masked_patch.ts";
import { randomNumber } from "../random.ts";
import { type NaiveLoss, type Rows, similarity } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";
import { naiveContrast } from "./naive_contrast.ts";
import { naiveExplainedVariance } from "./naive_shortcut.ts";

/** Sizes of a batch. */
export interface BatchSizes {
  readonly n: number;
  readonly patches: number;
  readonly masked: number;
  readonly width: number;
  readonly views: number;
}

/** Settings of the loss, without its weight. */
export type MaskedPatchOptions = Omit<MaskedPatchLossOptions, "weight">;

/** Eq. 15 pair by pair; the positives are at the same location of the same instance. */
export function naiveMaskedPatchLoss(
  predictions: Rows,
  targets: Rows,
  locations: ArrayLike<number>,
  { n, patches, masked, views }: BatchSizes,
  { candidates, ...options }: MaskedPatchOptions,
): NaiveLoss {
  const isMasked = (image: number, location: number) =>
    Array.from(locations).slice(image * masked, (image + 1) * masked)
      .includes(location);
  const compared = Array.from({ length: n * patches }, (_, i) => ({
    image: Math.floor(i / patches),
    location: i % patches,
    vector: targets[i],
  })).filter(({ image, location }) =>
    candidates === "all" || isMasked(image, location)
  );
  const vectors = compared.map(({ vector }) => vector);
  const { loss, metrics } = naiveContrast(
    predictions,
    vectors,
    (i, j) =>
      Math.floor(i / masked / views) ===
        Math.floor(compared[j].image / views) &&
      locations[i] === compared[j].location,
    options,
  );
  const elsewhere = predictions.flatMap((prediction, i) =>
    compared.filter(({ image, location }) =>
      Math.floor(i / masked / views) !== Math.floor(image / views) &&
      location === locations[i]
    ).map(({ vector }) => similarity(prediction, vector))
  );
  return {
    loss,
    metrics: {
      ...metrics,
      ...naiveCollapse(vectors),
      sameLocationSimilarity: elsewhere.reduce((a, b) => a + b, 0) /
        Math.max(elsewhere.length, 1),
      maskAndLocationShare: naiveExplainedVariance(vectors, (i) => {
        const { image, location } = compared[i];
        return `${location} ${isMasked(image, location)}`;
      }),
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
