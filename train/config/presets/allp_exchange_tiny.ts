/**
 * Allp with attention exchange (section 3.2), small, on images that the program makes itself, or on others of 32 pixels.
 *
 *     deno task pretrain --preset allp-exchange-tiny
 *     deno task pretrain --preset allp-exchange-tiny --set data.name=cifar10
 *
 * kNN accuracy after the first is 17.6 % trained, 20.0 % untrained: too few steps for it. Not timed.
 */
import { config as allpExchange } from "./allp_exchange.ts";
import type { ConfigPreset } from "./preset.ts";
import { tiny, tinyExchange, tinyTransformer } from "./tiny.ts";

/** The preset `allp-exchange-tiny`. */
export const preset: ConfigPreset = {
  description: "Allp with exchange, small, on synthetic images",
  config: {
    ...tiny,
    views: allpExchange.views,
    model: {
      name: "allp",
      transformer: tinyTransformer,
      exchange: tinyExchange,
    },
    losses: allpExchange.losses,
  },
};
