import type { DatasetSplits, ImageDataset } from "../../datasets/dataset.ts";
import type { Device } from "../../engine/devices/device.ts";
import type { BuiltModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import type { LabelledFeatures } from "./features.ts";
import {
  nearestNeighbourAccuracy,
  type NeighbourResult,
  samplePositions,
} from "./knn.ts";
import { linearProbe, type LinearProbeResult } from "./linear_probe.ts";
import { computeFeatures } from "./compute_features.ts";

/** What a layer reveals about the classes of images. */
export interface LayerResult {
  /** Number of features. */
  readonly width: number;
  /** Accuracy of a linear classifier. */
  readonly linear: LinearProbeResult;
  /** Accuracy of a vote among the nearest neighbours. */
  readonly neighbours: NeighbourResult;
}

/** Results by the name of the representation, see `PretextModel.representations`. */
export type LayerResults = Readonly<Record<string, LayerResult>>;

/** Images with labels. */
export interface LabelledImages {
  /** The images. */
  readonly dataset: ImageDataset;
  /** Which of them. */
  readonly positions: Uint32Array;
  /** Their classes, in the order of `positions`. */
  readonly labels: Uint32Array;
}

/** Images to fit to, and to classify. */
export interface ProbeImages {
  /** At least two. */
  readonly train: LabelledImages;
  /** At least one. */
  readonly test: LabelledImages;
}

/**
 * At most `counts` labelled images of each part, random ones that are the same every time.
 *
 * @returns `undefined` where there are no labels, or fewer than two images to fit to.
 */
export function probeImages(
  { train, test }: DatasetSplits,
  counts: { readonly train: number; readonly test: number },
): ProbeImages | undefined {
  const images = {
    train: selectLabelled(train, counts.train),
    test: selectLabelled(test, counts.test),
  };
  return images.train && images.test && images.train.labels.length >= 2
    ? { train: images.train, test: images.test }
    : undefined;
}

function selectLabelled(
  dataset: ImageDataset | undefined,
  count: number,
): LabelledImages | undefined {
  const labels = dataset?.labels;
  if (!dataset || !labels) return undefined;
  const positions = samplePositions(dataset.size, count);
  return {
    dataset,
    positions,
    labels: Uint32Array.from(positions, (position) => labels[position]),
  };
}

/**
 * Measures one layer.
 *
 * @throws The reason of `signal` if it was stopped.
 */
export async function probeLayer(
  device: Device,
  train: LabelledFeatures,
  test: LabelledFeatures,
  { seed, evaluation }: Config,
  signal?: AbortSignal,
): Promise<LayerResult> {
  return {
    width: train.width,
    linear: await linearProbe(device, train, test, seed, signal),
    neighbours: await nearestNeighbourAccuracy(
      device,
      train,
      test,
      evaluation,
      signal,
    ),
  };
}

/**
 * Measures every layer of an encoder.
 *
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function probeEncoder(
  device: Device,
  built: BuiltModel,
  { train, test }: ProbeImages,
  config: Config,
  signal?: AbortSignal,
): Promise<LayerResults> {
  const options = { batchSize: config.evaluation.batchSize, signal };
  const features = {
    train: await computeFeatures(device, built, train, options),
    test: await computeFeatures(device, built, test, options),
  };
  const results: Record<string, LayerResult> = {};
  for (const layer of Object.keys(features.train)) {
    results[layer] = await probeLayer(
      device,
      { ...features.train[layer], labels: train.labels },
      { ...features.test[layer], labels: test.labels },
      config,
      signal,
    );
  }
  return results;
}
