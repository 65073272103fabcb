/**
 * DV², the full model (Figure 3), small, on images that the program makes itself, or on others of 32 pixels.
 *
 *     deno task pretrain --preset dv2-tiny
 *     deno task pretrain --preset dv2-tiny --set data.name=cifar10
 *
 * 200 steps take a minute and a half on two threads of an AMD EPYC; kNN accuracy 36.0 % trained,
 * 20.0 % untrained. On CIFAR-10: see docs/results.md.
 */
import { config as dv2 } from "./dv2.ts";
import type { ConfigPreset } from "./preset.ts";
import { tiny, tinyExchange, tinyTransformer } from "./tiny.ts";

/** The preset `dv2-tiny`. */
export const preset: ConfigPreset = {
  description: "DV², small, on synthetic images",
  config: {
    ...tiny,
    views: dv2.views,
    model: {
      ...dv2.model,
      transformer: tinyTransformer,
      exchange: tinyExchange,
      vocabulary: { name: "dynamic", entries: 1024 },
    },
    losses: dv2.losses,
  },
};
