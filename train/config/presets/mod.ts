import { allp, allpExchange, baseline, dv2, selfie } from "./methods.ts";
import { compose, type ConfigPreset } from "./preset.ts";
import { paperCifar10, paperStl10, tiny } from "./sizes.ts";

/**
 * The presets by name: a method at a size, one entry each.
 *
 * At the paper's sizes a run takes 100,000 steps of 256 images with a ResNet-50: it needs a GPU and
 * takes days. `--dry-run` says how much memory and time. None has been run to its end yet.
 *
 *     deno task pretrain --preset dv2 --download
 *     deno task pretrain --preset dv2-cifar10 --download
 *
 * The tiny ones run on a processor, on images that the program draws, or on others of 32 pixels.
 * Times are for two threads. docs/results.md has all results on CIFAR-10.
 *
 *     deno task pretrain --preset dv2-tiny
 *     deno task pretrain --preset dv2-tiny --set data.name=cifar10
 */
export const presets: Readonly<Record<string, ConfigPreset>> = {
  "baseline": compose(baseline, paperStl10),
  "baseline-cifar10": compose(baseline, paperCifar10),
  /**
   * 75 s on an Intel Xeon: kNN accuracy 29.2 % trained, 19.7 % untrained. With four views of each
   * image (section 3.6), because it learns too slowly with one: on CIFAR-10, 400 steps of 64 images
   * took 4 minutes, and kNN accuracy was 39.5 % trained, 34.4 % untrained; with one view 34.2 %.
   */
  "baseline-tiny": compose(baseline, tiny, { views: 4 }),
  "dv2": compose(dv2, paperStl10),
  "dv2-cifar10": compose(dv2, paperCifar10),
  /** 90 s on an AMD EPYC: kNN accuracy 36.0 % trained, 20.0 % untrained. */
  "dv2-tiny": compose(dv2, tiny),
  "selfie": compose(selfie, paperStl10),
  "selfie-cifar10": compose(selfie, paperCifar10),
  /**
   * 75 s on an Intel Xeon: kNN accuracy 26.1 % trained, 19.7 % untrained. On CIFAR-10, 400 steps of
   * 64 images took 4 minutes: 34.9 % trained, 34.4 % untrained.
   */
  "selfie-tiny": compose(selfie, tiny),
  "allp": compose(allp, paperStl10),
  "allp-cifar10": compose(allp, paperCifar10),
  /**
   * 75 s on an Intel Xeon: kNN accuracy 18.9 % trained, 19.7 % untrained, too few steps for these
   * images. On CIFAR-10, 400 steps of 64 images took 4 minutes: 39.0 % trained, 34.4 % untrained.
   */
  "allp-tiny": compose(allp, tiny),
  "allp-exchange": compose(allpExchange, paperStl10),
  "allp-exchange-cifar10": compose(allpExchange, paperCifar10),
  /** Not timed: kNN accuracy 17.6 % trained, 20.0 % untrained, too few steps for these images. */
  "allp-exchange-tiny": compose(allpExchange, tiny),
};
