import type { Config } from "../config/config.ts";

/**
 * Says in a line that a run has fewer images than a step takes, so that an image is in it several
 * times; `undefined` where it has enough.
 */
export function repeatedImages(
  { batchSize, views }: Pick<Config, "batchSize" | "views">,
  images: number,
): string | undefined {
  if (images === 1) {
    return "there is one image only, and no other to tell it from; take more images";
  }
  const instances = batchSize / views;
  if (instances <= images) return undefined;
  return `a step takes ${instances} images${
    views > 1 ? ` in ${views} views` : ""
  }, but there are only ${images}: copies of an image count as wrong answers; ` +
    `take more images, or start with --set batchSize=${images * views}`;
}
