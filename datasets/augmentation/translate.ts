import { z } from "zod";
import {
  floor,
  less,
  multiply,
  subtract,
} from "../../engine/ops/elementwise.ts";
import type { RandomSource } from "../../engine/ops/random.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Augmentation, AugmentationKind } from "./augmentation.ts";
import { drawFlips, jitterColors, normalize, planesOf } from "./color.ts";
import { sample, translateMatrix, zeros } from "./sampling.ts";

/** Settings of small translations: none; the size of the images stays what it is. */
export interface TranslateOptions {
  /** Selects this augmentation. */
  readonly name: "translate";
}

/** AMDIM's augmentation of CIFAR-10 (Bachman et al. 2019). */
export const translate: AugmentationKind<TranslateOptions> = {
  schema: z.strictObject({
    name: z.literal("translate"),
  }),
  create,
};

/** Mean and deviation of the colours of CIFAR-10. */
const MEAN = [125.3 / 255, 123 / 255, 113.9 / 255];
const DEVIATION = [63 / 255, 62.1 / 255, 66.7 / 255];
const MAX_PIXELS = 4;
const PROBABILITY = 0.8;

/**
 * AMDIM's augmentation of CIFAR-10 (Bachman et al. 2019): flip, small translation, colours.
 *
 * @param size height and width of the images in pixels, stored and resulting
 */
function create(
  _options: TranslateOptions,
  size: number,
): Augmentation {
  return {
    size,
    preprocessing: { resize: size, crop: size, mean: MEAN, std: DEVIATION },
    train(images: Tensor, views: number, random: RandomSource): Tensor {
      const [n] = images.shape;
      const total = n * views;
      const flips = drawFlips(n, views, random);
      const applied = less(random.uniform([total]), PROBABILITY);
      const shift = () => {
        const pixels = floor(
          multiply(random.uniform([total]), 2 * MAX_PIXELS + 1),
        );
        return multiply(applied, subtract(pixels, MAX_PIXELS));
      };
      const vertical = translateMatrix(shift(), zeros(total), size);
      const horizontal = translateMatrix(shift(), flips, size);
      const planes = planesOf(sample(images, vertical, horizontal));
      return normalize(jitterColors(planes, random), MEAN, DEVIATION);
    },
    evaluate(images: Tensor): Tensor {
      const [n] = images.shape;
      const identity = translateMatrix(zeros(n), zeros(n), size);
      return normalize(
        planesOf(sample(images, identity, identity)),
        MEAN,
        DEVIATION,
      );
    },
  };
}
