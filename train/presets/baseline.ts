/**
 * The paper's baseline (section 3.3) on STL-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset baseline --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. Not run to its end here.
 */
import type { ConfigPreset } from "./preset.ts";

/** The paper's settings; what is not named here is the default. */
export const preset: ConfigPreset = {
  description: "the baseline at the paper's sizes on STL-10",
  config: {
    data: { name: "stl10" },
    augmentation: { name: "crop", size: 64 },
    encoder: { name: "resnet", stem: "imagenet" },
    losses: { maskedPatch: { weight: 8 } },
  },
};
