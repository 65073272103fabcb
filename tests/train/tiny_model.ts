import { MemoryImages } from "../../datasets/memory_images.ts";
import type { Device } from "../../engine/devices/device.ts";
import { buildModel, type BuiltModel } from "../../train/build_model.ts";
import { type Config, configSchema } from "../../train/config/config.ts";
import type { StoredTensor } from "../../train/run/safetensors_header.ts";
import { TrainingStep } from "../../train/training_step.ts";
import { captureState } from "../../train/run/training_state.ts";

/** Height and width of the images in pixels. */
export const IMAGE_SIZE = 16;

/** The baseline, whole but tiny: two views, dropout and augmentation on. */
export function tinyConfig(changes: object = {}): Config {
  return configSchema.parse({
    seed: 7,
    data: { name: "synthetic" },
    augmentation: { name: "translate" },
    views: 2,
    encoder: { name: "resnet", depth: 18, width: 0.0625, stem: "small" },
    model: {
      name: "maskedPatchPrediction",
      grid: 2,
      masked: 1,
      transformer: { layers: 1, heads: 2, feedForward: 12 },
      projection: 8,
      dropout: 0.1,
    },
    losses: { maskedPatch: { weight: 8 } },
    optimizer: { learningRate: 1e-3, epsilon: 1e-3 },
    batchSize: 8,
    steps: 20,
    warmupSteps: 3,
    metricsEvery: 1,
    ...changes,
  });
}

/** What makes of the baseline the paper's full model. */
export const fullModel = {
  model: {
    ...tinyConfig().model,
    // one exchange: each has shaders of its own, which are slow to compile in software
    exchange: {
      after: ["res4"],
      width: 8,
      layers: 1,
      heads: 2,
      feedForward: 12,
    },
    doubleView: true,
    vocabulary: { name: "dynamic", entries: 48 },
  },
  losses: {
    maskedPatch: { weight: 8 },
    patchVocabulary: { weight: 0.5 },
    image: { weight: 4 },
    imageVocabulary: { weight: 0.5 },
  },
};

/** Images of random blocks of colour, always the same. */
export function tinyImages(): MemoryImages {
  const size = 24;
  const area = IMAGE_SIZE * IMAGE_SIZE;
  // a fixed sequence of bytes (Numerical Recipes' generator)
  let state = 1;
  const next = () =>
    (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  const pixels = new Uint8Array(size * 3 * area);
  for (let plane = 0; plane < size * 3; plane++) {
    const blocks = Array.from({ length: 16 }, next);
    for (let i = 0; i < area; i++) {
      const [row, column] = [Math.floor(i / IMAGE_SIZE), i % IMAGE_SIZE];
      pixels[plane * area + i] = blocks[(row >> 2) * 4 + (column >> 2)];
    }
  }
  return new MemoryImages(pixels, IMAGE_SIZE);
}

/** A step with its model, on a device. */
export interface TinyRun {
  readonly config: Config;
  readonly built: BuiltModel;
  readonly step: TrainingStep;
}

/** Parameters, moments and running statistics by name. */
export type TinyState = Readonly<Record<string, StoredTensor>>;

/** Builds and compiles the tiny model from its initial values. */
export async function startTiny(
  device: Device,
  config: Config = tinyConfig(),
  options?: { readonly fused: boolean },
): Promise<TinyRun> {
  const built = buildModel(config, IMAGE_SIZE);
  const parts = { config, ...built, imageSize: IMAGE_SIZE };
  const step = await TrainingStep.compile(device, parts, options);
  return { config, built, step };
}

/** The images of a step. */
export function imagesOf(
  { views, batchSize }: Config,
  step: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const images = tinyImages();
  const instances = batchSize / views;
  return images.read(
    Array.from(
      { length: instances },
      (_, i) => (step * instances + i) % images.size,
    ),
  );
}

/** Takes the steps `from <= step < to`. */
export async function takeSteps(
  { config, step }: TinyRun,
  from: number,
  to: number,
): Promise<void> {
  for (let i = from; i < to; i++) await step.run(i, await imagesOf(config, i));
}

/** The state after the steps so far. */
export function stateOf(
  device: Device,
  { built, step }: TinyRun,
): Promise<TinyState> {
  return captureState(device, { ...built, optimizer: step.optimizer });
}

/** The state after a number of steps from the initial values. */
export async function train(
  device: Device,
  steps: number,
  config?: Config,
  options?: { readonly fused: boolean },
): Promise<TinyState> {
  const run = await startTiny(device, config, options);
  await takeSteps(run, 0, steps);
  const state = await stateOf(device, run);
  run.step.destroy();
  return state;
}
