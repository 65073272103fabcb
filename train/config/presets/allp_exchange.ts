/**
 * Allp with attention exchange (section 3.2) on STL-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset allp-exchange --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { stl10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** What is not named here is the default. */
export const config = {
  ...stl10,
  views: 4,
  model: { name: "allp", exchange: {} },
  losses: { allp: { weight: 1 } },
} as const satisfies ConfigPreset["config"];

/** The preset `allp-exchange`. */
export const preset: ConfigPreset = {
  description: "Allp with exchange at the paper's sizes on STL-10",
  config,
};
