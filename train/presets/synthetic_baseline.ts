/**
 * The paper's baseline, small, on images that the program makes itself.
 *
 *     deno task pretrain
 */
import type { ConfigPreset } from "./preset.ts";

export const preset: ConfigPreset = {
  description: "the baseline, small, on synthetic images",
  config: {
    data: { name: "synthetic" },
    augmentation: { name: "translate" },
    views: 2,
    encoder: { depth: 18, width: 0.25, stem: "small" },
    model: { transformer: { layers: 2, heads: 4, feedForward: 128 } },
    losses: { maskedPatch: { weight: 8 } },
    steps: 300,
    warmupSteps: 30,
    batchSize: 64,
    optimizer: { learningRate: 1e-3 },
    checkpoints: { every: 100 },
  },
};
