import type { Html } from "./html.ts";
import type { PatchPlace } from "./masked_predictions.ts";
import { image, patchOf, type Picture } from "./picture.ts";

/** An `<img>` of a patch of one of the pictures. */
export function patchImage(
  pictures: readonly Picture[],
  grid: number,
  { picture, location }: PatchPlace,
): Html {
  const patch = patchOf(pictures[picture], grid, location);
  const alt = `patch ${location + 1} of picture ${picture + 1}`;
  return image(patch, alt, "patch");
}
