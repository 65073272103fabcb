import { z } from "zod";
import type { Augmentation } from "./augmentation.ts";
import * as kinds from "./kinds.ts";

type Kind = typeof kinds[keyof typeof kinds];
type Schema = Kind["schema"];

/** Options of any kind of augmentation; `name` says which. */
export type AugmentationOptions = z.infer<Schema>;

/** Accepts {@linkcode AugmentationOptions}. */
export const augmentationSchema = z.discriminatedUnion(
  "name",
  Object.values(kinds).map(({ schema }) => schema) as [Schema, ...Schema[]],
);

/** Makes the augmentation that `options` describe, for images of `imageSize` pixels. */
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
