/**
 * Selfie (section 3.1) on CIFAR-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset selfie-cifar10 --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { config as selfie } from "./selfie.ts";
import { cifar10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** The preset `selfie-cifar10`. */
export const preset: ConfigPreset = {
  description: "Selfie at the paper's sizes on CIFAR-10",
  config: { ...selfie, ...cifar10 },
};
