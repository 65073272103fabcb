import type { Augmentation } from "../../datasets/augmentation/augmentation.ts";
import type { ImageDataset } from "../../datasets/dataset.ts";
import { shuffledOrder } from "../../datasets/shuffle.ts";
import type { Device } from "../../engine/devices/device.ts";
import { matmul } from "../../engine/ops/contraction.ts";
import { l2Normalize } from "../../engine/ops/normalization.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import type { PretextModel } from "../models/pretext_model.ts";

/** Temperature of the votes (Wu et al. 2018). */
const TEMPERATURE = 0.07;

/** Settings of {@linkcode nearestNeighbourAccuracy}. */
export interface NeighbourOptions {
  /** k, how many neighbours vote, at least 1. */
  readonly neighbours: number;
  /** Most labelled images to look among. */
  readonly bank: number;
  /** Most images to classify. */
  readonly queries: number;
  /** Images encoded at a time. */
  readonly batchSize: number;
}

/** What was compared with what. */
export interface NeighbourResult {
  /** Share of queries whose class was found, 0 to 1. */
  readonly accuracy: number;
  /** Number of labelled images that were looked among. */
  readonly bank: number;
  /** Number of images that were classified. */
  readonly queries: number;
}

/**
 * Classifies images by a weighted vote of their nearest neighbours among labelled ones: cosine
 * similarity of the encoder's features, weights `exp(cos / 0.07)` (Wu et al. 2018). Where only some
 * of the images are used, they are random ones, the same every time.
 *
 * @param splits Labelled images: `train` to look among, `test` to classify.
 * @param signal Stops it between two batches.
 * @returns `undefined` if it was stopped.
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 */
export async function nearestNeighbourAccuracy(
  device: Device,
  model: PretextModel,
  augmentation: Augmentation,
  splits: { readonly train: ImageDataset; readonly test: ImageDataset },
  options: NeighbourOptions,
  signal?: AbortSignal,
): Promise<NeighbourResult | undefined> {
  const { train, test } = splits;
  const bank = sample(train.size, options.bank);
  const queries = sample(test.size, options.queries);
  const batchSize = Math.min(options.batchSize, bank.length, queries.length);
  const { imageSize } = train;
  const images = input("images", [batchSize, 3, imageSize, imageSize], "u8");
  // [batchSize, features]
  const features = l2Normalize(
    model.features(augmentation.evaluate(images), new Context()),
  );
  const width = features.shape[1];
  const known = new Float32Array(bank.length * width);
  await forEachRow(
    device,
    features,
    { dataset: train, positions: bank, signal },
    (row, i) => known.set(row, i * width),
  );

  const storage = new Storage(
    "features of the bank",
    known.length,
    "f32",
    known,
  );
  // [batchSize, features] -> [batchSize, bank]
  const similarities = matmul(features, storage.tensor([bank.length, width]), {
    transposeB: true,
  });
  const labels = Uint8Array.from(bank, (position) => train.labels![position]);
  let correct = 0;
  await forEachRow(
    device,
    similarities,
    { dataset: test, positions: queries, signal },
    (row, i) => {
      const predicted = vote(row, labels, options.neighbours);
      if (predicted === test.labels![queries[i]]) correct++;
    },
  );
  device.release(storage);
  if (signal?.aborted) return undefined;
  return {
    accuracy: correct / queries.length,
    bank: bank.length,
    queries: queries.length,
  };
}

/** At most `count` positions; random ones, as the images of a class may lie together. */
function sample(size: number, count: number): Uint32Array {
  return shuffledOrder(size, 0, 0).slice(0, count).sort();
}

/** Images to go through. */
interface Pass {
  readonly dataset: ImageDataset;
  readonly positions: Uint32Array;
  readonly signal?: AbortSignal;
}

/** Computes `output`, `[batchSize, width]`, of all images and hands over its row for each. */
async function forEachRow(
  device: Device,
  output: Tensor,
  { dataset, positions, signal }: Pass,
  onRow: (row: Float32Array, i: number) => void,
): Promise<void> {
  const [batchSize, width] = output.shape;
  const program = await Program.compile(device, { outputs: [output] });
  try {
    for (let start = 0; start < positions.length; start += batchSize) {
      if (signal?.aborted) return;
      // the last batch is filled up with its first image
      const batch = Uint32Array.from(
        { length: batchSize },
        (_, i) => positions[start + i] ?? positions[start],
      );
      const [rows] = await program.evaluate({
        images: await dataset.read(batch),
      });
      const count = Math.min(batchSize, positions.length - start);
      for (let i = 0; i < count; i++) {
        const row = rows.subarray(i * width, (i + 1) * width);
        onRow(row as Float32Array, start + i);
      }
    }
  } finally {
    program.destroy();
  }
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
  labels: Uint8Array,
  neighbours: number,
): number {
  const count = Math.min(neighbours, similarities.length);
  const threshold =
    Float32Array.from(similarities).sort()[similarities.length - count];
  // of those at the threshold, only as many vote as there is room for beside the nearer ones
  let room = count - similarities.filter((value) => value > threshold).length;
  const weights = new Float64Array(256);
  similarities.forEach((similarity, i) => {
    if (similarity < threshold) return;
    if (similarity === threshold && room-- <= 0) return;
    weights[labels[i]] += Math.exp(similarity / TEMPERATURE);
  });
  return weights.indexOf(Math.max(...weights));
}
