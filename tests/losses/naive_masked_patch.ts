import type { Normalizer } from "../../losses/contrast.ts";

/** Sizes of a batch. */
export interface BatchSizes {
  readonly n: number;
  readonly patches: number;
  readonly masked: number;
  readonly width: number;
  readonly views: number;
}

/** Predictions and targets of a batch. */
export interface Batch extends BatchSizes {
  /** `[n, masked, width]` */
  readonly predictions: Float32Array<ArrayBuffer>;
  /** `[n, patches, width]` */
  readonly targets: Float32Array<ArrayBuffer>;
  /** `[n, masked]` */
  readonly locations: Int32Array<ArrayBuffer>;
}

/** Eq. 15 pair by pair: the loss, and the mean similarity of positive and of negative pairs. */
export function naiveMaskedPatchLoss(
  batch: Batch,
  normalizer: Normalizer,
): number[] {
  const { n, patches, masked, width, views, predictions, targets } = batch;
  const sums = { positive: 0, negative: 0 };
  const similarities = { positive: 0, negative: 0 };
  const counts = { positive: 0, negative: 0 };
  for (let image = 0; image < n; image++) {
    for (let q = 0; q < masked; q++) {
      for (let other = 0; other < n; other++) {
        for (let m = 0; m < patches; m++) {
          let cosine = 0;
          for (let i = 0; i < width; i++) {
            cosine += predictions[(image * masked + q) * width + i] *
              targets[(other * patches + m) * width + i];
          }
          const similarity = Math.min(
            Math.max((1 + cosine) / 2, 1e-6),
            1 - 1e-6,
          );
          const isPositive =
            Math.floor(image / views) === Math.floor(other / views) &&
            batch.locations[image * masked + q] === m;
          const kind = isPositive ? "positive" : "negative";
          sums[kind] -= Math.log(isPositive ? similarity : 1 - similarity);
          similarities[kind] += similarity;
          counts[kind]++;
        }
      }
    }
  }
  const { positive, negative } = counts;
  return [
    normalizer === "pairs"
      ? (sums.positive + sums.negative) / (positive + negative)
      : sums.positive / positive + sums.negative / negative,
    similarities.positive / positive,
    similarities.negative / negative,
  ];
}

/** A normal random number (Box and Muller 1958). */
function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) *
    Math.cos(2 * Math.PI * Math.random());
}

/** Rows of unit length in random directions. */
function unitRows(rows: number, width: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(rows * width);
  for (let start = 0; start < values.length; start += width) {
    const row = Array.from({ length: width }, normal);
    const length = Math.hypot(...row);
    values.set(row.map((value) => value / length), start);
  }
  return values;
}

/** Different random locations for each image. */
export function randomLocations(
  { n, masked, patches }: BatchSizes,
): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    Array.from({ length: n }, () => {
      const keys = Array.from({ length: patches }, Math.random);
      return [...keys.keys()].sort((a, b) => keys[a] - keys[b]).slice(
        0,
        masked,
      );
    }).flat(),
  );
}

/** Unrelated predictions and targets. */
export function randomBatch(sizes: BatchSizes): Batch {
  const { n, patches, masked, width } = sizes;
  return {
    ...sizes,
    predictions: unitRows(n * masked, width),
    targets: unitRows(n * patches, width),
    locations: randomLocations(sizes),
  };
}
