/**
 * the baseline (section 3.3) on CIFAR-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset baseline-cifar10 --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { config as baseline } from "./baseline.ts";
import { cifar10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** The preset `baseline-cifar10`. */
export const preset: ConfigPreset = {
  description: "the baseline at the paper's sizes on CIFAR-10",
  config: { ...baseline, ...cifar10 },
};
