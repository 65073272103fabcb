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

/** An encoder of a run: as it was initialised, or as a checkpoint has it. */
export type EncoderName = "untrained" | "trained";

/** A part of the measuring of encoders. */
export interface ProbePhase {
  /** Which encoder is measured; absent while the images are read, to tell whether they have changed. */
  readonly encoder?: EncoderName;
  /** What is gone through. */
  readonly unit: "images" | "layers";
  /** How many there are. */
  readonly total: number;
}

/** Callbacks of what measures encoders. */
export interface ProbeEvents {
  /** Called when a part of the work begins. */
  readonly onPhase?: (phase: ProbePhase) => void;
  /** Called with how much of that part is done. */
  readonly onProgress?: (done: number) => void;
}

/** How {@linkcode probeEncoder} works. */
export interface ProbeOptions extends ProbeEvents {
  /** Which encoder it is. */
  readonly encoder: EncoderName;
  /** Stops it. */
  readonly signal?: AbortSignal;
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
  { encoder, signal, onPhase, onProgress }: ProbeOptions,
): Promise<LayerResults> {
  const { batchSize } = config.evaluation;
  const fitted = train.labels.length;
  const total = fitted + test.labels.length;
  onPhase?.({ encoder, unit: "images", total });
  const features = {
    train: await computeFeatures(device, built, train, {
      batchSize,
      signal,
      onProgress,
    }),
    test: await computeFeatures(device, built, test, {
      batchSize,
      signal,
      onProgress: (done) => onProgress?.(fitted + done),
    }),
  };
  const results: Record<string, LayerResult> = {};
  const layers = Object.keys(features.train);
  onPhase?.({ encoder, unit: "layers", total: layers.length });
  for (const [i, layer] of layers.entries()) {
    results[layer] = await probeLayer(
      device,
      { ...features.train[layer], labels: train.labels },
      { ...features.test[layer], labels: test.labels },
      config,
      signal,
    );
    onProgress?.(i + 1);
  }
  return results;
}
