/**
 * Selfie (section 3.1), small, on images that the program makes itself, or on others of 32 pixels.
 *
 *     deno task pretrain --preset selfie-tiny
 *     deno task pretrain --preset selfie-tiny --set data.name=cifar10
 *
 * The first takes a minute and a quarter on two threads of an Intel Xeon: kNN accuracy 26.1 % trained,
 * 19.7 % untrained.
 * On CIFAR-10, 400 steps of 64 images took 4 minutes on two threads of an Intel Xeon; kNN accuracy
 * 34.9 % trained, 34.4 % untrained: see docs/results.md.
 */
import { config as selfie } from "./selfie.ts";
import type { ConfigPreset } from "./preset.ts";
import { tiny, tinyTransformer } from "./tiny.ts";

/** The preset `selfie-tiny`. */
export const preset: ConfigPreset = {
  description: "Selfie, small, on synthetic images",
  config: {
    ...tiny,
    model: { name: "selfie", transformer: tinyTransformer },
    losses: selfie.losses,
  },
};
