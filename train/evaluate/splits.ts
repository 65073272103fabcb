import { shuffledOrder } from "../../datasets/shuffle.ts";

/** Positions of labelled images, none of them in both. */
export interface HoldOut {
  /** To fit to. */
  readonly training: Uint32Array;
  /** To choose by. */
  readonly heldOut: Uint32Array;
}

/**
 * Holds out a share of labelled images, stratified: of every class that share, rounded up or down.
 * Which images of a class it is follows from the seed.
 *
 * @param labels The class of each image, at least two images.
 * @param share Between 0 and 1; one image at least is held out, and one is not.
 * @param seed An unsigned 32-bit integer.
 * @returns Positions in ascending order.
 */
export function holdOut(
  labels: Uint32Array,
  share: number,
  seed: number,
): HoldOut {
  const size = labels.length;
  const count = Math.min(Math.max(Math.round(share * size), 1), size - 1);
  const byClass = shuffledOrder(size, seed, 0)
    .sort((a, b) => labels[a] - labels[b]);
  // evenly spaced among the classes in a row
  const heldOut = Uint32Array.from(
    { length: count },
    (_, i) => byClass[Math.floor((i + 0.5) * size / count)],
  ).sort();
  const isHeldOut = new Set(heldOut);
  const training = byClass.filter((position) => !isHeldOut.has(position));
  return { training: training.sort(), heldOut };
}
