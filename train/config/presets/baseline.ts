/**
 * the baseline (section 3.3) on STL-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset baseline --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { stl10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** What is not named here is the default. */
export const config = {
  ...stl10,
  losses: { maskedPatch: { weight: 8 } },
} as const satisfies ConfigPreset["config"];

/** The preset `baseline`. */
export const preset: ConfigPreset = {
  description: "the baseline at the paper's sizes on STL-10",
  config,
};
