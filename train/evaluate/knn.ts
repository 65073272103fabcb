import { shuffledOrder } from "../../datasets/shuffle.ts";
import type { Device } from "../../engine/devices/device.ts";
import { matmul } from "../../engine/ops/matmul.ts";
import { l2Normalize } from "../../engine/ops/normalization.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage } from "../../engine/graph/tensor.ts";
import { type Accuracy, accuracyOf } from "./accuracy.ts";
import { type LabelledFeatures, rowBatches, selectRows } from "./features.ts";

/** Temperature of the votes (Wu et al. 2018). */
export const TEMPERATURE = 0.07;

/** Settings of {@linkcode nearestNeighbourAccuracy}. */
export interface NeighbourOptions {
  /** k, how many neighbours vote, at least 1. */
  readonly neighbours: number;
  /** Most labelled images to search; at the end of `pretrain` at most 500. */
  readonly bank: number;
  /** Most images to classify; at the end of `pretrain` at most 500. */
  readonly queries: number;
  /** Images that the device takes at a time. */
  readonly batchSize: number;
}

/** How well the nearest neighbours predict the classes. */
export interface NeighbourResult extends Accuracy {
  /** Number of neighbours that voted. */
  readonly neighbours: number;
  /** Number of labelled images that were searched. */
  readonly bank: number;
  /** Temperature of the votes; absent in files from before it was recorded, when it was 0.07. */
  readonly temperature?: number;
}

/**
 * Classifies images by a weighted vote of their nearest neighbours among labelled ones: cosine
 * similarity of the features, weights `exp(cos / 0.07)` (Wu et al. 2018). Where only some of the
 * images are used, they are random ones, the same every time.
 *
 * @param train To search; at least one image.
 * @param test To classify; at least one image.
 * @param signal Stops it between two batches.
 * @throws The reason of `signal` if it was stopped.
 */
export async function nearestNeighbourAccuracy(
  device: Device,
  train: LabelledFeatures,
  test: LabelledFeatures,
  { neighbours, ...options }: NeighbourOptions,
  signal?: AbortSignal,
): Promise<NeighbourResult> {
  const bank = sample(train, options.bank);
  const queries = sample(test, options.queries);
  const { width } = train;
  const batchRows = Math.min(options.batchSize, queries.labels.length);
  const storage = new Storage("bank", bank.values.length, "f32", bank.values);
  // [batchRows, width], [bank, width] -> [batchRows, bank]
  const similarities = matmul(
    l2Normalize(input("queries", [batchRows, width])),
    l2Normalize(storage.tensor([bank.labels.length, width])),
    { transposeB: true },
  );
  const program = await Program.compile(device, { outputs: [similarities] });
  const predictions = new Uint32Array(queries.labels.length);
  try {
    for (const { start, count, values } of rowBatches(queries, batchRows)) {
      signal?.throwIfAborted();
      const [rows] = await program.evaluate({ queries: values });
      for (let i = 0; i < count; i++) {
        const first = i * bank.labels.length;
        predictions[start + i] = vote(
          Float32Array.from(rows.subarray(first, first + bank.labels.length)),
          bank.labels,
          neighbours,
        );
      }
    }
  } finally {
    program.destroy();
    device.release(storage);
  }
  return {
    ...accuracyOf(predictions, queries.labels),
    neighbours: Math.min(neighbours, bank.labels.length),
    bank: bank.labels.length,
    temperature: TEMPERATURE,
  };
}

/** At most `count` rows; random ones, as the images of a class may lie together. */
function sample(features: LabelledFeatures, count: number): LabelledFeatures {
  const size = features.labels.length;
  if (size <= count) return features;
  return selectRows(features, samplePositions(size, count));
}

/** At most `count` of the numbers below `size`, ascending: random ones, the same every time. */
export function samplePositions(size: number, count: number): Uint32Array {
  return shuffledOrder(size, 0, 0).slice(0, count).sort();
}

/**
 * The class with the most weight among the `neighbours` most similar: exactly so many vote, or all
 * where there are fewer. Of equally similar ones the lowest index comes first, as does the lowest
 * class of those with equal weight.
 *
 * @param similarities Cosine similarity to each labelled image.
 * @param labels Class of each labelled image.
 */
export function vote(
  similarities: Float32Array,
  labels: Uint32Array,
  neighbours: number,
): number {
  // the most similar first
  const nearest: number[] = [];
  for (let i = 0; i < similarities.length; i++) {
    const last = similarities[nearest[neighbours - 1]];
    if (similarities[i] <= last) continue;
    let rank = nearest.length;
    while (similarities[nearest[rank - 1]] < similarities[i]) rank--;
    nearest.splice(rank, 0, i);
    if (nearest.length > neighbours) nearest.pop();
  }
  const weights = new Map<number, number>();
  for (const i of nearest) {
    const weight = Math.exp(similarities[i] / TEMPERATURE);
    weights.set(labels[i], (weights.get(labels[i]) ?? 0) + weight);
  }
  const [[label]] = [...weights].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return label;
}
