import type { LayerResults } from "./probe.ts";

/**
 * The layer whose linear classifier does best on the held-out images: a choice in which the test
 * images have no part.
 *
 * @param layers At least one.
 */
export function bestLayer(layers: LayerResults): string {
  return Object.entries(layers).reduce((best, other) =>
    other[1].linear.heldOutAccuracy > best[1].linear.heldOutAccuracy
      ? other
      : best
  )[0];
}
