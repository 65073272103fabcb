import { philox } from "../../engine/ops/random.ts";

/** The random numbers that a graph draws from a `RandomSource`, drawn on the host in the same order. */
export class NaiveRandom {
  #stream = 0;

  /** The numbers of one step of one seed. */
  constructor(readonly seed: number, readonly step: number) {}

  /** `size` numbers in [0, 1). */
  uniform(size: number): Float64Array {
    const stream = this.#stream++;
    return Float64Array.from(
      { length: size },
      (_, i) => (philox(this.seed, stream, this.step, i) >>> 8) * 2 ** -24,
    );
  }

  /** `values` after dropout. */
  dropout(values: Float64Array, rate: number): Float64Array {
    if (rate === 0) return values;
    const uniform = this.uniform(values.length);
    return values.map((value, i) =>
      uniform[i] < 1 - rate ? value / (1 - rate) : 0
    );
  }
}
