import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
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

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** A uniform number in [low, high), as f32. */
  number(low: number, high: number): number {
    return Math.fround(low + (high - low) * uniformFloat32(this.#generator));
  }

  /** Uniform numbers in [low, high). */
  numbers(size: number, low: number, high: number): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length: size }, () => this.number(low, high));
  }
}
