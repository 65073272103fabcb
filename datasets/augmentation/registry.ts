import { z } from "zod";
import type { Augmentation } from "./augmentation.ts";
import * as kinds from "./kinds.ts";

/** Options of any kind of augmentation; `name` says which. */
export type AugmentationOptions = Parameters<
  typeof kinds[keyof typeof kinds]["create"]
>[0];

type Member = z.ZodType<AugmentationOptions> & z.core.$ZodTypeDiscriminable;

/**
 * Accepts {@linkcode AugmentationOptions}.
 *
 * @internal
 */
export const augmentationSchema: z.ZodType<AugmentationOptions> = z
  .discriminatedUnion(
    "name",
    Object.values(kinds).map(({ schema }) => schema) as [Member, ...Member[]],
  );

/**
 * Makes the augmentation that `options` describe.
 *
 * @param imageSize height and width of the stored images in pixels
 */
export function createAugmentation(
  options: AugmentationOptions,
  imageSize: number,
): Augmentation {
  const create = kinds[options.name].create as (
    options: AugmentationOptions,
    imageSize: number,
  ) => Augmentation;
  return create(options, imageSize);
}
