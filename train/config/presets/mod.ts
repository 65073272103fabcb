import {
  allp,
  allpExchange,
  baseline,
  doubleView,
  dv2,
  selfie,
} from "./methods.ts";
import { compose, type ConfigPreset } from "./preset.ts";
import { brief, paperCifar10, paperStl10, quick, tiny } from "./sizes.ts";

/**
 * The presets by name: a method at a size, one entry each.
 *
 * At the paper's sizes a run takes 100,000 steps of 256 images with a ResNet-50: it needs a GPU, on
 * which a step of `dv2-cifar10` took 0.37 s (an NVIDIA H100), ten hours for all. `--dry-run` says how
 * much memory and time. None has been run to its end yet.
 *
 *     deno task pretrain --preset dv2 --download
 *     deno task pretrain --preset dv2-cifar10 --download
 *
 * The tiny ones run on a processor, on images that the program draws, or on others of 32 pixels.
 * Their results are those of 400 steps of 64 images on CIFAR-10, in the mean of three seeds:
 * accuracy of a linear classifier on the layer that held-out images choose, beside the untrained
 * encoder's layer so chosen; times are about those of one thread of an AMD EPYC.
 * docs/results.md has what the other layers did.
 *
 *     deno task pretrain --preset dv2-tiny
 *     deno task experiment examples/experiments/table-1-tiny.json
 */
export const presets: Readonly<Record<string, ConfigPreset>> = {
  "baseline": compose(baseline, paperStl10),
  "baseline-cifar10": compose(baseline, paperCifar10),
  /**
   * 8 minutes: 43.1 %, untrained 39.5 %. With four views of each image (section 3.6), because it
   * learns too slowly with one.
   */
  "baseline-tiny": compose(baseline, tiny, { views: 4 }),
  "dv2": compose(dv2, paperStl10),
  "dv2-cifar10": compose(dv2, paperCifar10),
  /** 14 minutes: 43.6 %, untrained 43.6 %. */
  "dv2-tiny": compose(dv2, tiny),
  /** Two minutes on two threads, on synthetic images as it is: 51.2 %, untrained 25.2 %, with one seed. */
  "double-view-tiny": compose(doubleView, brief),
  /** About an hour on two idle threads of an Intel Xeon: 60.2 % on I and Î, untrained 39.8 %, in the mean of three seeds. */
  "double-view-quick": compose(doubleView, quick),
  "selfie": compose(selfie, paperStl10),
  "selfie-cifar10": compose(selfie, paperCifar10),
  /** 7 minutes: 38.7 %, untrained 39.5 %. */
  "selfie-tiny": compose(selfie, tiny),
  "allp": compose(allp, paperStl10),
  "allp-cifar10": compose(allp, paperCifar10),
  /** 8 minutes: 39.7 %, untrained 39.5 %. */
  "allp-tiny": compose(allp, tiny),
  "allp-exchange": compose(allpExchange, paperStl10),
  "allp-exchange-cifar10": compose(allpExchange, paperCifar10),
  /** 9 minutes: 40.2 %, untrained 39.6 %. */
  "allp-exchange-tiny": compose(allpExchange, tiny),
};
