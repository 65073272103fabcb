import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { philox } from "../engine/ops/random.ts";

/** Keeps these random numbers apart from those drawn elsewhere with the same seed. */
const SHUFFLE_STREAM = 0x73687566;

/**
 * The numbers below `size` in an order that `seed` and `round`, unsigned 32-bit integers, fix
 * (Fisher and Yates 1938).
 */
export function shuffledOrder(
  size: number,
  seed: number,
  round: number,
): Uint32Array<ArrayBuffer> {
  const random = xoroshiro128plus(philox(seed, SHUFFLE_STREAM, round, 0));
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = uniformInt(random, 0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
