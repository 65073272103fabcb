/**
 * Allp (section 3.2), small, on images that the program makes itself, or on others of 32 pixels.
 *
 *     deno task pretrain --preset allp-tiny
 *     deno task pretrain --preset allp-tiny --set data.name=cifar10
 *
 * The first takes a minute and a quarter on two threads of an Intel Xeon: kNN accuracy 18.9 % trained,
 * 19.7 % untrained, too few steps for it on these images.
 * On CIFAR-10, 400 steps of 64 images took 4 minutes on two threads of an Intel Xeon; kNN accuracy
 * 39.0 % trained, 34.4 % untrained: see docs/results.md.
 */
import { config as allp } from "./allp.ts";
import type { ConfigPreset } from "./preset.ts";
import { tiny, tinyTransformer } from "./tiny.ts";

/** The preset `allp-tiny`. */
export const preset: ConfigPreset = {
  description: "Allp, small, on synthetic images",
  config: {
    ...tiny,
    views: allp.views,
    model: { name: "allp", transformer: tinyTransformer },
    losses: allp.losses,
  },
};
