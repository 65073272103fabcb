/**
 * DV², the full model (Figure 3) on STL-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset dv2 --download
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
  model: {
    name: "maskedPatchPrediction",
    exchange: {},
    doubleView: true,
    vocabulary: { name: "dynamic" },
  },
  losses: {
    maskedPatch: { weight: 8 },
    patchVocabulary: { weight: 0.5 },
    image: { weight: 4 },
    imageVocabulary: { weight: 0.5 },
  },
} as const satisfies ConfigPreset["config"];

/** The preset `dv2`. */
export const preset: ConfigPreset = {
  description: "DV² at the paper's sizes on STL-10",
  config,
};
