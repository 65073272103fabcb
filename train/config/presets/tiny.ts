import type { ConfigPreset } from "./preset.ts";

/** Sizes for two processor threads and images of 32 pixels, which the program makes itself. */
export const tiny = {
  data: { name: "synthetic" },
  augmentation: { name: "translate" },
  encoder: { name: "resnet", depth: 26, width: 0.25, stem: "small" },
  optimizer: { learningRate: 1e-3 },
  steps: 200,
  warmupSteps: 20,
  batchSize: 32,
  checkpoints: { every: 100 },
} as const satisfies ConfigPreset["config"];

/** A transformer for the 256 features of a patch of the tiny encoder. */
export const tinyTransformer = {
  layers: 2,
  heads: 8,
  feedForward: 256,
} as const;

/** Attention exchange to go with it. */
export const tinyExchange = {
  ...tinyTransformer,
  width: 128,
  layers: 1,
} as const;
