/**
 * The paper's baseline (section 3.3), small, on images that the program makes itself.
 *
 *     deno task pretrain --preset baseline-tiny
 *     deno task pretrain --preset baseline-tiny --set data.name=cifar10
 *
 * The README says how long it takes and what comes out.
 */
import type { ConfigPreset } from "./preset.ts";

/** Settings for two CPU threads and images of 32 pixels. */
export const preset: ConfigPreset = {
  description: "the baseline, small, on synthetic images",
  config: {
    data: { name: "synthetic" },
    augmentation: { name: "translate" },
    views: 4,
    encoder: { name: "resnet", depth: 26, width: 0.25, stem: "small" },
    model: {
      name: "maskedPatchPrediction",
      transformer: { layers: 2, heads: 8, feedForward: 256 },
    },
    losses: { maskedPatch: { weight: 8 } },
    optimizer: { learningRate: 1e-3 },
    steps: 400,
    warmupSteps: 40,
    batchSize: 64,
    checkpoints: { every: 200 },
  },
};
