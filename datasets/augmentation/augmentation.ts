import type { z } from "zod";
import type { RandomSource } from "../../engine/ops/random.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";

/** How a stored image becomes what a network sees at evaluation, for other programs to repeat. */
export interface Preprocessing {
  /** Height and width to which the stored image is resized, bicubic and antialiased, in pixels. */
  readonly resize: number;
  /** Height and width of the middle that is then kept, in pixels. */
  readonly crop: number;
  /** What is subtracted from red, green and blue, which go from 0 to 1. */
  readonly mean: readonly number[];
  /** What red, green and blue are then divided by. */
  readonly std: readonly number[];
}

/** Turns bytes into what a network sees, on the device. */
export interface Augmentation {
  /** Height and width of the result in pixels. */
  readonly size: number;
  /** What {@linkcode evaluate} does. */
  readonly preprocessing: Preprocessing;
  /**
   * Independently transformed views of each image.
   *
   * @param images `[n, 3, height, width]`, u8
   * @param views D, how many of each image
   * @returns `[n * views, size, size, 3]`, normalised, the views of an image in a row
   */
  train(images: Tensor, views: number, random: RandomSource): Tensor;
  /** One plain view of each image: `[n, 3, height, width]` u8 -> `[n, size, size, 3]`, normalised. */
  evaluate(images: Tensor): Tensor;
}

/** A kind of augmentation, as its file exports it. */
export interface AugmentationKind<Options> {
  /**
   * Accepts its options.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** Makes the augmentation of stored images of `imageSize` pixels a side. */
  create(options: Options, imageSize: number): Augmentation;
}
