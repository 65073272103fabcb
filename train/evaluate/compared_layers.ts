import type { LayerResults } from "./probe.ts";

/** Results of the same layers of two encoders. */
export interface ComparedLayers {
  /** The encoder as it was initialised. */
  readonly untrained: LayerResults;
  /** The encoder as it was trained. */
  readonly trained: LayerResults;
}

/** The layer, of at least one, whose linear classifier does best on the held-out images. */
export function bestLayer(layers: LayerResults): string {
  return Object.entries(layers).reduce((best, other) =>
    other[1].linear.heldOutAccuracy > best[1].linear.heldOutAccuracy
      ? other
      : best
  )[0];
}
