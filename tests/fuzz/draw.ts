import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { philox } from "../../engine/ops/random.ts";

/** Random choices that a seed and the number of an input give, each input its own. */
export class Draw {
  readonly #generator;

  constructor(seed: number, input: number) {
    this.#generator = xoroshiro128plus(philox(seed, input, 0, 0));
  }

  /** A whole number from 0 to `count - 1`. */
  below(count: number): number {
    return uniformInt(this.#generator, 0, count - 1);
  }

  /** One of a list that is not empty. */
  of<T>(list: ArrayLike<T>): T {
    return list[this.below(list.length)];
  }
}
