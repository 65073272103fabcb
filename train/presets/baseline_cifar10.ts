/**
 * The paper's baseline (section 3.3) on CIFAR-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset baseline-cifar10 --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. Not run to its end here.
 */
import type { ConfigPreset } from "./preset.ts";

/** The paper's settings; what is not named here is the default. */
export const preset: ConfigPreset = {
  description: "the baseline at the paper's sizes on CIFAR-10",
  config: {
    data: { name: "cifar10" },
    augmentation: { name: "translate" },
    encoder: { name: "resnet", stem: "small" },
    losses: { maskedPatch: { weight: 8 } },
  },
};
