import type { DatasetSplits, ImageDataset } from "../../datasets/dataset.ts";
import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { namedInstances } from "../../layers/module.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import type { Config } from "../config/config.ts";
import { evaluateImages } from "../evaluate/evaluate_images.ts";
import type { Features } from "../evaluate/features.ts";
import { samplePositions } from "../evaluate/knn.ts";
import type { LoadedRun } from "../run/load_run.ts";
import { MaskedEvaluation } from "./masked_evaluation.ts";
import { type MaskedPredictions, maskedTensors } from "./masked_predictions.ts";
import type { Picture } from "./picture.ts";

/** Pictures of a run's data set, and what its encoder makes of them. */
export interface Examined {
  /** As the encoder sees them, but for the normalisation. */
  readonly pictures: readonly Picture[];
  /** Which part of the data set they come from, for a sentence. */
  readonly source: string;
  /** The class of each; absent where there are no labels. */
  readonly labels?: readonly string[];
  /** The features of each. */
  readonly features: Features;
  /** What the model predicts of masked patches; absent where it predicts none. */
  readonly masked?: MaskedPredictions;
}

/** How {@linkcode examine} goes through the pictures. */
export interface ExamineOptions {
  /** Number of pictures, at most. */
  readonly images: number;
  /** Stops it between two batches. */
  readonly signal?: AbortSignal;
  /** Called with the number of pictures before the first batch. */
  readonly onStart?: (pictures: number) => void;
  /** Called after each batch with the number of pictures done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Passes random pictures through a model, the same ones every time: test images where there are
 * some. What depends on chance, the masks, is drawn with a fixed key.
 *
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function examine(
  device: Device,
  { model, augmentation, config }: LoadedRun,
  splits: DatasetSplits,
  { images, signal, onStart, onProgress }: ExamineOptions,
): Promise<Examined> {
  const [source, dataset] = pictureSource(splits);
  const positions = samplePositions(dataset.size, images);
  onStart?.(positions.length);
  const values = await evaluateImages(
    device,
    { dataset, positions },
    (images) => {
      const context = new MaskedEvaluation(
        new RandomSource(input("key", [2], "u32")),
      );
      const pixels = augmentation.evaluate(images);
      return {
        pixels,
        features: model.features(pixels, context),
        ...maskedTensors(
          model.forward(pixels, config.views, context),
          config,
        ),
      };
    },
    {
      batchSize: batchSizeFor(config, positions.length),
      feeds: { key: Uint32Array.of(config.seed, 0) },
      signal,
      onProgress,
    },
  );
  const { pixels, features, predictions, candidates, locations } = values;
  const [network] = namedInstances(model, PatchNetwork).values();
  const { size, preprocessing } = augmentation;
  return {
    source,
    pictures: rowsOf(pixels).map((row) => ({
      size,
      pixels: bytesOf(row, preprocessing),
    })),
    labels: dataset.labels && labelsOf(dataset, positions),
    features,
    masked: predictions && {
      grid: network.grid,
      width: predictions.width / locations.width,
      locations: rowsOf(locations).map((row) => [...row]),
      predictions: predictions.values,
      candidates: candidates.values,
      among: candidates.width === predictions.width ? "masked" : "all",
    },
  };
}

/** A multiple of the number of views, and no more than a training batch, of which it is known that it fits. */
function batchSizeFor(
  { batchSize, views, evaluation }: Config,
  pictures: number,
): number {
  const most = Math.min(pictures, batchSize, evaluation.batchSize);
  return Math.ceil(most / views) * views;
}

function pictureSource(
  { test, train, unlabelled }: DatasetSplits,
): [string, ImageDataset] {
  if (test) return ["test images, which the encoder has not seen", test];
  if (train) return ["labelled images", train];
  return ["images that the encoder was trained on", unlabelled];
}

function labelsOf(
  { labels, classNames }: ImageDataset,
  positions: Uint32Array,
): string[] {
  return Array.from(positions, (position) => {
    const label = labels![position];
    return classNames?.[label] ?? `class ${label}`;
  });
}

/** The features of each image. */
export function rowsOf({ width, values }: Features): Float32Array[] {
  return Array.from(
    { length: values.length / width },
    (_, i) => values.subarray(i * width, (i + 1) * width),
  );
}

/** Undoes the normalisation: `[size, size, 3]`, 0 to 255. */
function bytesOf(
  normalised: Float32Array,
  { mean, std }: LoadedRun["augmentation"]["preprocessing"],
): Uint8Array<ArrayBuffer> {
  const clamped = Uint8ClampedArray.from(
    normalised,
    (value, i) => 255 * (value * std[i % 3] + mean[i % 3]),
  );
  return new Uint8Array(clamped.buffer);
}
