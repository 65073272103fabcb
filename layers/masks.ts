import {
  add,
  cast,
  equal,
  less,
  multiply,
  subtract,
} from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { broadcastTo, reshape } from "../engine/ops/movement.ts";
import type { RandomSource } from "../engine/ops/random.ts";
import { sum } from "../engine/ops/reduction.ts";
import {
  checkPositive,
  checkShape,
  type Tensor,
} from "../engine/graph/tensor.ts";

/** Which patches of each image are masked. */
export interface Masks {
  /** v: `[n, patches]`, 1 for visible patches and 0 for masked ones. */
  readonly visible: Tensor;
  /** The masked locations of each image, in random order: `[n, masked]`, i32. */
  readonly locations: Tensor;
}

/**
 * The masks of instances for each of their `views`: the views of an instance are consecutive and masked alike.
 *
 * @throws {RangeError} if the shapes do not fit, or there is no view.
 */
export function shareMasks(
  { visible, locations }: Masks,
  views: number,
): Masks {
  checkShape(visible, ["n", "patches"], "shareMasks: visible");
  checkShape(locations, [visible.shape[0], "masked"], "shareMasks: locations");
  checkPositive(views, "shareMasks: the number of views");
  // [n, count] -> [n, views, count] -> [n * views, count]
  const repeat = (x: Tensor) => {
    const [n, count] = x.shape;
    const repeated = broadcastTo(reshape(x, [n, 1, count]), [n, views, count]);
    return reshape(repeated, [n * views, count]);
  };
  return { visible: repeat(visible), locations: repeat(locations) };
}

/**
 * Masks exactly `masked` of the patches of each of `n` images, all choices equally likely.
 *
 * @throws {RangeError} if a number is not a whole number of at least 1, or there are fewer patches than are to be masked.
 */
export function drawMasks(
  n: number,
  patches: number,
  masked: number,
  random: RandomSource,
): Masks {
  checkPositive(masked, "the number of masked patches");
  if (masked > patches) {
    throw new RangeError(`cannot mask ${masked} of ${patches} patches`);
  }
  // the masked patches are those with the lowest random numbers; of equal ones the earlier ranks first
  const keys = random.uniform([n, patches]);
  const pairs = [n, patches, patches];
  const [own, other] = [
    reshape(keys, [n, patches, 1]),
    reshape(keys, [n, 1, patches]),
  ];
  const tie = multiply(
    equal(own, other),
    less(iota(pairs, 2, "f32"), iota(pairs, 1, "f32")),
  );
  // [n, patches, patches] -> [n, patches]
  const rank = sum(add(less(other, own), tie), { axes: [2] });
  // [n, masked, patches] -> [n, masked]: the patch of each rank
  const places = [n, masked, patches];
  const hasRank = equal(
    reshape(rank, [n, 1, patches]),
    iota(places, 1, "f32"),
  );
  const locations = sum(multiply(hasRank, iota(places, 2, "f32")), {
    axes: [2],
  });
  return {
    visible: subtract(1, less(rank, masked)),
    locations: cast(locations, "i32"),
  };
}
