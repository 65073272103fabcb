import { z } from "zod";
import {
  add,
  divide,
  equal,
  exp,
  floor,
  less,
  multiply,
  select,
  sqrt,
  subtract,
} from "../../engine/ops/elementwise.ts";
import { iota } from "../../engine/ops/iota.ts";
import { reshape, sliceAxis } from "../../engine/ops/movement.ts";
import type { RandomSource } from "../../engine/ops/random.ts";
import { min, sum } from "../../engine/ops/reduction.ts";
import { constant, type Tensor } from "../../engine/graph/tensor.ts";
import type { Augmentation, AugmentationKind } from "./augmentation.ts";
import { drawFlips, jitterColors, normalize, planesOf } from "./color.ts";
import { resizeMatrix, sample, zeros } from "./sampling.ts";

/** Settings of random resized crops, for images of any size. */
export interface CropOptions {
  /** Selects this augmentation. */
  readonly name: "crop";
  /** Height and width of the result in pixels, at least 8; 64 by default. */
  readonly size: number;
}

/** AMDIM's augmentation of STL-10 (Bachman et al. 2019). */
export const crop: AugmentationKind<CropOptions> = {
  schema: z.strictObject({
    name: z.literal("crop"),
    size: z.int().min(8).default(64),
  }),
  create,
};

/** Mean and deviation of the colours of STL-10. */
const MEAN = [0.43, 0.42, 0.39];
const DEVIATION = [0.27, 0.26, 0.27];
const SCALE = [0.3, 1];
const RATIO = [0.7, 1.4];
/** How many times a crop is drawn, if none fits, before the whole image is taken. */
const MAX_ATTEMPTS = 10;
/** At evaluation an image is resized to this multiple of the result, then cropped in the middle. */
const EVALUATION_MARGIN = 70 / 64;

/** A box in each image: first pixel and extent along both axes, all `[n]`, whole numbers. */
interface Boxes {
  readonly top: Tensor;
  readonly left: Tensor;
  readonly height: Tensor;
  readonly width: Tensor;
}

/** Random boxes: a share of the area and an aspect ratio, drawn until the box fits. */
function drawBoxes(n: number, size: number, random: RandomSource): Boxes {
  const shape = [n, MAX_ATTEMPTS];
  const between = ([low, high]: number[]) =>
    add(multiply(random.uniform(shape), high - low), low);
  const area = multiply(between(SCALE), size * size);
  const ratio = exp(between(RATIO.map(Math.log)));
  const round = (x: Tensor) => floor(add(x, 0.5));
  const widths = round(sqrt(multiply(area, ratio)));
  const heights = round(sqrt(divide(area, ratio)));
  const fits = multiply(less(widths, size + 0.5), less(heights, size + 0.5));
  const attempt = iota(shape, 1, "f32");
  const first = min(select(fits, attempt, MAX_ATTEMPTS), {
    axes: [1],
    keepAxes: true,
  });
  const none = reshape(equal(first, MAX_ATTEMPTS), [n]);
  const chosen = (x: Tensor) =>
    select(none, size, sum(multiply(x, equal(attempt, first)), { axes: [1] }));
  const [height, width] = [chosen(heights), chosen(widths)];
  const start = (extent: Tensor) =>
    floor(multiply(random.uniform([n]), subtract(size + 1, extent)));
  return { top: start(height), left: start(width), height, width };
}

/**
 * AMDIM's augmentation of STL-10 (Bachman et al. 2019): flip, random resized crop, colours.
 *
 * @param imageSize height and width of the stored images in pixels
 */
function create(
  { size }: CropOptions,
  imageSize: number,
): Augmentation {
  const resized = Math.round(size * EVALUATION_MARGIN);
  return {
    size,
    preprocessing: { resize: resized, crop: size, mean: MEAN, std: DEVIATION },
    train(images: Tensor, views: number, random: RandomSource): Tensor {
      const [n] = images.shape;
      const flips = drawFlips(n, views, random);
      const { top, left, height, width } = drawBoxes(
        n * views,
        imageSize,
        random,
      );
      const vertical = resizeMatrix(
        top,
        height,
        zeros(n * views),
        size,
        imageSize,
      );
      const horizontal = resizeMatrix(left, width, flips, size, imageSize);
      const planes = planesOf(sample(images, vertical, horizontal));
      return normalize(jitterColors(planes, random), MEAN, DEVIATION);
    },
    evaluate(images: Tensor): Tensor {
      const [n] = images.shape;
      const whole = resizeMatrix(
        zeros(n),
        constant(imageSize, [n]),
        zeros(n),
        resized,
        imageSize,
      );
      // the rows of the matrix that make the middle of the resized image
      const first = middleOf(resized, size);
      const matrix = sliceAxis(whole, 1, first, first + size);
      return normalize(
        planesOf(sample(images, matrix, matrix)),
        MEAN,
        DEVIATION,
      );
    },
  };
}

/** The first of the middle `size` of so many pixels; halves go to the even one, as in torchvision's CenterCrop. */
function middleOf(pixels: number, size: number): number {
  const margin = (pixels - size) / 2;
  return Number.isInteger(margin) ? margin : 2 * Math.round(margin / 2);
}
