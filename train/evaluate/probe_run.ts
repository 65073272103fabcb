import { input } from "../../engine/graph/tensor.ts";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import { Context } from "../../layers/context.ts";
import type { BuiltModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { claim } from "../run/claim.ts";
import { digestOfTensors } from "../run/tensor_digest.ts";
import { captureState } from "../run/training_state.ts";
import { sha256 } from "../../datasets/files/digest.ts";
import { cachedFeatures } from "./feature_cache.ts";
import { TEMPERATURE } from "./knn.ts";
import { HELD_OUT, PENALTIES } from "./linear_probe.ts";
import {
  type EncoderName,
  type LabelledImages,
  type LayerResult,
  type LayerResults,
  type ProbeEvents,
  type ProbeImages,
  probeLayer,
} from "./probe.ts";
import { type ProbeResults, readProbe, writeProbe } from "./probe_file.ts";
import { computeFeatures, type NamedFeatures } from "./compute_features.ts";

/** The encoders of a run that are compared, in the order in which they are measured. */
const ENCODERS: readonly EncoderName[] = ["untrained", "trained"];

/** What {@linkcode probeRun} measures, and where it keeps what it knows. */
export interface ProbeTask extends ProbeEvents {
  /** Where it runs. */
  readonly device: Device;
  /** The run's config. */
  readonly config: Config;
  /** Number of steps that the trained encoder was trained for. */
  readonly step: number;
  /** The encoder as it was initialised, and as a checkpoint has it. */
  readonly encoders: Readonly<Record<EncoderName, BuiltModel>>;
  /** The images. */
  readonly images: ProbeImages;
  /** The file of the results, made or continued. */
  readonly path: string;
  /** The folder of the features, made where it does not exist. */
  readonly cachePath: string;
  /** Stops the work; what was measured is kept. */
  readonly signal?: AbortSignal;
}

/**
 * Measures every layer of a run's encoder and of the same encoder untrained. Features and results
 * are kept, so that a call that was stopped is continued by the next; measured again is what
 * depends on weights, images or settings that have changed.
 *
 * @throws {UserError} if another process measures the run, the results were changed by hand, the
 * device cannot hold a batch, or files cannot be read or written.
 * @throws The reason of `signal` if it was stopped.
 */
export async function probeRun(task: ProbeTask): Promise<ProbeResults> {
  const kept = await readProbe(task.path);
  const keys = await keysOf(task);
  const source = await sha256(JSON.stringify({ keys, ...settingsOf(task) }));
  let results: ProbeResults = kept?.source === source
    ? kept
    : { step: task.step, source, untrained: {}, trained: {} };
  const left = ENCODERS.filter((encoder) =>
    !layersOf(task, encoder).every((layer) => results[encoder][layer])
  );
  if (left.length === 0) return results;
  using _lock = await lockFeatures(task.cachePath);
  for (const encoder of left) {
    const layers = layersOf(task, encoder);
    const features = await featuresOf(task, encoder, keys[encoder]);
    task.onPhase?.({ encoder, unit: "layers", total: layers.length });
    for (const [i, layer] of layers.entries()) {
      const result = results[encoder][layer] ??
        await measure(task, features, layer);
      const measured: LayerResults = { ...results[encoder], [layer]: result };
      results = { ...results, [encoder]: measured };
      await writeProbe(task.path, results);
      task.onProgress?.(i + 1);
    }
  }
  return results;
}

/** Keeps other processes from writing the same files. */
async function lockFeatures(folder: string): Promise<Disposable> {
  const lock = await claim(`${folder}/lock`);
  if (lock) return lock;
  throw new UserError(
    `${folder} is in use: another process measures the same run; wait until it ends, or stop it`,
  );
}

/** What each file of features depends on. */
interface FeatureKeys {
  readonly train: string;
  readonly test: string;
}

async function keysOf(
  task: ProbeTask,
): Promise<Record<EncoderName, FeatureKeys>> {
  const { device, config, encoders } = task;
  const digests = await digestsOf(task);
  const { encoder, model, augmentation } = config;
  const keysOfEncoder = async (built: BuiltModel): Promise<FeatureKeys> => {
    // all parameters and running statistics
    const weights = await digestOfTensors(await captureState(device, built));
    const settings = { encoder, model, augmentation, weights };
    return {
      train: JSON.stringify({ ...settings, images: digests.train }),
      test: JSON.stringify({ ...settings, images: digests.test }),
    };
  };
  return {
    untrained: await keysOfEncoder(encoders.untrained),
    trained: await keysOfEncoder(encoders.trained),
  };
}

/** Images that are read at a time for their digest. */
const READ_IMAGES = 500;

/** Digests of the images of both parts. */
async function digestsOf(
  { images: { train, test }, signal, onPhase, onProgress }: ProbeTask,
): Promise<Record<keyof ProbeImages, string>> {
  const trainSize = train.positions.length;
  const total = trainSize + test.positions.length;
  onPhase?.({ unit: "images", total });
  return {
    train: await digestOfImages(train, { signal, onProgress }),
    test: await digestOfImages(test, {
      signal,
      onProgress: (done) => onProgress?.(trainSize + done),
    }),
  };
}

/** Digest of pixels and labels. */
async function digestOfImages(
  { dataset, positions, labels }: LabelledImages,
  { signal, onProgress }: Pick<ProbeTask, "signal" | "onProgress">,
): Promise<string> {
  const parts = [await sha256(bytesOf(labels))];
  for (let start = 0; start < positions.length; start += READ_IMAGES) {
    signal?.throwIfAborted();
    const batch = positions.subarray(start, start + READ_IMAGES);
    parts.push(await sha256(await dataset.read(batch)));
    onProgress?.(start + batch.length);
  }
  return await sha256(parts.join("\n"));
}

/** A byte for each label where that is enough, so that digests from when it had to be still hold. */
function bytesOf(labels: Uint32Array): Uint8Array<ArrayBuffer> {
  return labels.every((label) => label < 256)
    ? Uint8Array.from(labels)
    : new Uint8Array(Uint32Array.from(labels).buffer);
}

/** What the results depend on besides the features. */
function settingsOf({ config: { seed, evaluation } }: ProbeTask) {
  const { neighbours, bank, queries } = evaluation;
  return {
    linear: { seed, heldOut: HELD_OUT, penalties: PENALTIES },
    neighbours: { neighbours, bank, queries, temperature: TEMPERATURE },
  };
}

/** The names of an encoder's representations. */
function layersOf(
  { encoders, images: { train: { dataset } } }: ProbeTask,
  encoder: EncoderName,
): string[] {
  const { model, augmentation } = encoders[encoder];
  const { imageSize } = dataset;
  const image = input("image", [1, 3, imageSize, imageSize], "u8");
  const pixels = augmentation.evaluate(image);
  return Object.keys(model.representations(pixels, new Context()));
}

interface ProbeFeatures {
  readonly train: NamedFeatures;
  readonly test: NamedFeatures;
}

async function featuresOf(
  task: ProbeTask,
  encoder: EncoderName,
  keys: FeatureKeys,
): Promise<ProbeFeatures> {
  const { device, config, encoders, images, cachePath, signal } = task;
  const featuresOfPart = (part: "train" | "test") =>
    cachedFeatures(cachePath, part, keys[part], () => {
      const total = images[part].positions.length;
      task.onPhase?.({ encoder, unit: "images", total });
      return computeFeatures(device, encoders[encoder], images[part], {
        batchSize: config.evaluation.batchSize,
        signal,
        onProgress: task.onProgress,
      });
    });
  return {
    train: await featuresOfPart("train"),
    test: await featuresOfPart("test"),
  };
}

function measure(
  { device, config, images, signal }: ProbeTask,
  { train, test }: ProbeFeatures,
  layer: string,
): Promise<LayerResult> {
  return probeLayer(
    device,
    { ...train[layer], labels: images.train.labels },
    { ...test[layer], labels: images.test.labels },
    config,
    signal,
  );
}
