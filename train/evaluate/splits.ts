import { shuffledOrder } from "../../datasets/shuffle.ts";

/** Positions of labelled images, none of them in both. */
export interface HoldOut {
  /** To fit to. */
  readonly training: Uint32Array;
  /** To choose by. */
  readonly heldOut: Uint32Array;
}

/**
 * Holds out a share of labelled images, stratified: of every class that share, rounded up or down,
 * but never the only image of one, unless no class has two. Which images of a class it is, and which
 * classes are rounded up, follows from the seed.
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
  const classes = shuffledClasses(labels, seed);
  const several = classes.filter(({ length }) => length > 1).flat();
  const candidates = several.length > 0 ? several : classes.flat();
  const most = Math.min(candidates.length, labels.length - 1);
  const heldOut = new Set(
    evenlySpaced(
      candidates,
      Math.min(Math.max(Math.round(share * candidates.length), 1), most),
    ),
  );
  const training = labels.keys().filter((position) => !heldOut.has(position));
  return {
    training: Uint32Array.from(training),
    heldOut: Uint32Array.from(heldOut).sort(),
  };
}

/**
 * Draws a share of labelled images, stratified: of every class that share, rounded up or down, but one
 * image at least. Which images of a class it is, and which classes are rounded up, follows from the seed.
 *
 * @param labels The class of each image.
 * @param share Above 0, at most 1.
 * @param seed An unsigned 32-bit integer.
 * @returns Positions in ascending order.
 */
export function drawShare(
  labels: Uint32Array,
  share: number,
  seed: number,
): Uint32Array {
  const classes = shuffledClasses(labels, seed);
  const drawn = new Set(
    evenlySpaced(classes.flat(), Math.round(share * labels.length)),
  );
  for (const positions of classes) {
    if (!positions.some((position) => drawn.has(position))) {
      drawn.add(positions[0]);
    }
  }
  return Uint32Array.from(drawn).sort();
}

/** The positions of each class; both they and the classes are in an order that follows from the seed. */
function shuffledClasses(labels: Uint32Array, seed: number): number[][] {
  const order = shuffledOrder(labels.length, seed, 0);
  return [...Map.groupBy(order, (position) => labels[position]).values()];
}

function evenlySpaced(positions: readonly number[], count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => positions[Math.floor((i + 0.5) * positions.length / count)],
  );
}
