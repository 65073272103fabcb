/**
 * Allp with attention exchange (section 3.2) on CIFAR-10 at the paper's sizes (section 4.1).
 *
 *     deno task pretrain --preset allp-exchange-cifar10 --download
 *
 * 100,000 steps of 256 images with a ResNet-50: for a GPU, and there for days. `--dry-run` says what
 * it needs. Not run to its end here.
 */
import { config as allpExchange } from "./allp_exchange.ts";
import { cifar10 } from "./paper.ts";
import type { ConfigPreset } from "./preset.ts";

/** The preset `allp-exchange-cifar10`. */
export const preset: ConfigPreset = {
  description: "Allp with exchange at the paper's sizes on CIFAR-10",
  config: { ...allpExchange, ...cifar10 },
};
