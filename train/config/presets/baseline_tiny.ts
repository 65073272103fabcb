/**
 * the baseline (section 3.3), small, on images that the program makes itself, or on others of 32 pixels.
 *
 *     deno task pretrain --preset baseline-tiny
 *     deno task pretrain --preset baseline-tiny --set data.name=cifar10
 *
 * The first takes a minute and a quarter on two threads of an Intel Xeon: kNN accuracy 29.2 % trained,
 * 19.7 % untrained.
 * With four transformed views of each instance (section 3.6), because it learns too slowly with one: on
 * CIFAR-10, 400 steps of 64 images took 4 minutes on two threads of an Intel Xeon, and kNN accuracy
 * was 39.5 % trained, 34.4 % untrained; with one view 34.2 %. See docs/results.md.
 */
import { config as baseline } from "./baseline.ts";
import type { ConfigPreset } from "./preset.ts";
import { tiny, tinyTransformer } from "./tiny.ts";

/** The preset `baseline-tiny`. */
export const preset: ConfigPreset = {
  description: "the baseline, small, on synthetic images",
  config: {
    ...tiny,
    views: 4,
    model: { name: "maskedPatchPrediction", transformer: tinyTransformer },
    losses: baseline.losses,
  },
};
