import type { Augmentation, AugmentationKind } from "./augmentation.ts";
import * as kinds from "./kinds.ts";

/** Options of any kind of augmentation; `name` says which. */
export type AugmentationOptions = Parameters<
  (typeof kinds)[keyof typeof kinds]["create"]
>[0];

const registry: Readonly<
  Record<AugmentationOptions["name"], AugmentationKind<AugmentationOptions>>
> = kinds;

/**
 * Makes the augmentation that `options` describe.
 *
 * @param imageSize height and width of the stored images in pixels
 */
export function createAugmentation(
  options: AugmentationOptions,
  imageSize: number,
): Augmentation {
  return registry[options.name].create(options, imageSize);
}
