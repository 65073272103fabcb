import type { z } from "zod";
import type { RandomSource } from "../../engine/ops/random.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";

/** Turns bytes into what a network sees, on the device. */
export interface Augmentation {
  /** Height and width of the result in pixels. */
  readonly size: number;
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
