/**
 * Selfie (section 3.1) on STL-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset selfie --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { stl10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** What is not named here is the default. */
export const config = {
  ...stl10,
  model: { name: "selfie" },
  losses: { selfie: { weight: 1 } },
} as const satisfies ConfigPreset["config"];

/** The preset `selfie`. */
export const preset: ConfigPreset = {
  description: "Selfie at the paper's sizes on STL-10",
  config,
};
