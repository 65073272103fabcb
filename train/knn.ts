import type { Augmentation } from "../datasets/augmentation/augmentation.ts";
import type { ImageDataset } from "../datasets/dataset.ts";
import type { Device } from "../engine/devices/device.ts";
import { matmul } from "../engine/ops/contraction.ts";
import { unitLength } from "../engine/ops/normalization.ts";
import { Program } from "../engine/program.ts";
import { input, Storage } from "../engine/tensor.ts";
import { Context } from "../layers/context.ts";
import type { PretextModel } from "./models/pretext_model.ts";

/** Temperature of the votes (Wu et al. 2018). */
const TEMPERATURE = 0.07;

/** Settings of {@linkcode nearestNeighbourAccuracy}. */
export interface NeighbourOptions {
  /** k, how many neighbours vote. */
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
  readonly bank: number;
  readonly queries: number;
}

/**
 * Classifies images by a weighted vote of their nearest neighbours among labelled ones: cosine
 * similarity of the encoder's features, weights `exp(cos / 0.07)` (Wu et al. 2018).
 */
export async function nearestNeighbourAccuracy(
  device: Device,
  model: PretextModel,
  augmentation: Augmentation,
  splits: { readonly train: ImageDataset; readonly test: ImageDataset },
  options: NeighbourOptions,
): Promise<NeighbourResult> {
  const { train, test } = splits;
  const bankSize = Math.min(options.bank, train.size);
  const queries = Math.min(options.queries, test.size);
  const batchSize = Math.min(options.batchSize, bankSize, queries);
  const images = input("images", [
    batchSize,
    3,
    train.imageSize,
    train.imageSize,
  ], "u8");
  // [batchSize, features]
  const features = unitLength(
    model.represent(augmentation.evaluate(images), new Context()),
  );
  const encoder = await Program.compile(device, { outputs: [features] });
  const bank = await encodeAll(encoder, train, bankSize, batchSize);
  encoder.destroy();

  const width = features.shape[1];
  const storage = new Storage("features of the bank", bank.length, "f32", bank);
  const similarities = matmul(features, storage.tensor([bankSize, width]), {
    transposeB: true,
  });
  const classifier = await Program.compile(device, { outputs: [similarities] });
  let right = 0;
  for (let start = 0; start < queries; start += batchSize) {
    const indices = batchIndices(start, batchSize, queries);
    const [rows] = await classifier.evaluate({
      images: await test.read(indices),
    });
    for (let i = 0; i < Math.min(batchSize, queries - start); i++) {
      const row = rows.subarray(
        i * bankSize,
        (i + 1) * bankSize,
      ) as Float32Array;
      if (
        vote(row, train.labels!, options.neighbours) === test.labels![start + i]
      ) right++;
    }
  }
  classifier.destroy();
  device.release(storage);
  return { accuracy: right / queries, bank: bankSize, queries };
}

/** A full batch of positions; beyond the end the last one is repeated. */
function batchIndices(start: number, batchSize: number, end: number): number[] {
  return Array.from(
    { length: batchSize },
    (_, i) => Math.min(start + i, end - 1),
  );
}

async function encodeAll(
  encoder: Program,
  dataset: ImageDataset,
  count: number,
  batchSize: number,
): Promise<Float32Array> {
  let all: Float32Array | undefined;
  for (let start = 0; start < count; start += batchSize) {
    const [batch] = await encoder.evaluate({
      images: await dataset.read(batchIndices(start, batchSize, count)),
    });
    const width = batch.length / batchSize;
    all ??= new Float32Array(count * width);
    all.set(
      (batch as Float32Array).subarray(0, (count - start) * width),
      start * width,
    );
  }
  return all!;
}

/** The class with the most weight among the `neighbours` most similar. */
export function vote(
  similarities: Float32Array,
  labels: Uint8Array,
  neighbours: number,
): number {
  const count = Math.min(neighbours, similarities.length);
  const threshold =
    Float32Array.from(similarities).sort()[similarities.length - count];
  const weights = new Float64Array(256);
  similarities.forEach((similarity, i) => {
    if (similarity >= threshold) {
      weights[labels[i]] += Math.exp(similarity / TEMPERATURE);
    }
  });
  return weights.indexOf(Math.max(...weights));
}
