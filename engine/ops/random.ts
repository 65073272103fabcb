import { apply, type Definitions } from "../graph/definition.ts";
import { type Shape, sizeOf, type Tensor } from "../graph/tensor.ts";
import { less, multiply, select } from "./elementwise.ts";

/** Uniform random numbers in [0, 1), a function of the key, the stream and the position alone. */
export interface RandomOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "random";
  /** Which of the independent sequences of the key. */
  readonly stream: number;
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Position of the first element in its sequence. */
  readonly start: number;
}

/**
 * Definition of the operation that draws random numbers.
 *
 * @internal
 */
export const randomness: Definitions<RandomOperation, "generator"> = {
  random: {
    role: "generator",
    // ten rounds of Philox
    cost: 40,
    infer({ shape }, [key]) {
      if (key.dtype !== "u32" || key.size !== 2) {
        throw new TypeError(
          `random numbers need a key of two u32, not ${key.dtype} [${key.shape}]`,
        );
      }
      return { shape, dtype: "f32" };
    },
    expression: ({ stream, start }, { position, load }) => ({
      kind: "random",
      stream,
      counter: { ...position, offset: position.offset + start },
      seed: load(0, 0),
      step: load(0, 1),
      dtype: "f32",
    }),
    gradient: () => "none",
  },
};

/**
 * A source of counter-based random numbers: every draw is a function of seed, step, stream and
 * element alone (Philox 2x32-10, Salmon et al. 2011), so devices agree and a resumed run repeats an
 * uninterrupted one. Each draw of a graph takes the next stream.
 */
export class RandomSource {
  #stream = 0;

  /** A source that reads `[seed, step]` from `key`, a u32 tensor of two elements. */
  constructor(
    /** `[seed, step]`, fed before each step. */
    readonly key: Tensor,
    /**
     * Which of the equal parts of each draw this source gives: processes that share a batch draw the
     * numbers for their rows that one process would draw for them.
     */
    readonly part = 0,
  ) {}

  /** Uniform numbers in [0, 1) with 24 random bits. */
  uniform(shape: Shape): Tensor {
    // counters have 32 bits
    const start = this.part * sizeOf(shape) >>> 0;
    return apply(
      randomness.random,
      { kind: "random", stream: this.#stream++, shape, start },
      [this.key],
    );
  }
}

/**
 * Zero with probability `rate`, else scaled by `1 / (1 - rate)` (Srivastava et al. 2014).
 *
 * @throws {RangeError} if the rate is not in [0, 1).
 */
export function dropout(x: Tensor, rate: number, random: RandomSource): Tensor {
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`a dropout rate is in [0, 1), not ${rate}`);
  }
  if (rate === 0) return x;
  const isKept = less(random.uniform(x.shape), 1 - rate);
  return select(isKept, multiply(x, 1 / (1 - rate)), 0);
}

const MULTIPLIER = 0xd256d193;
const WEYL = 0x9e3779b9;

/** The high 32 bits of the 64-bit product of two 32-bit numbers, from products of their halves. */
function highProduct(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [
    a & 0xffff,
    a >>> 16,
    b & 0xffff,
    b >>> 16,
  ];
  const carry = Math.imul(aLow, bLow) >>> 16;
  const first = (Math.imul(aHigh, bLow) + carry) >>> 0;
  const second = (Math.imul(aLow, bHigh) + (first & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16)) >>> 0;
}

/** One 32-bit word of Philox 2x32-10, on the host; the devices compute the same. */
export function philox(
  seed: number,
  stream: number,
  step: number,
  element: number,
): number {
  let key = (seed ^ Math.imul(stream + 1, WEYL)) >>> 0;
  let low = element >>> 0;
  let high = step >>> 0;
  for (let round = 0; round < 10; round++) {
    const product = highProduct(low, MULTIPLIER);
    const next = Math.imul(low, MULTIPLIER) >>> 0;
    low = (product ^ key ^ high) >>> 0;
    high = next;
    key = (key + WEYL) >>> 0;
  }
  return low;
}

/** `size` normal numbers with the given standard deviation, a function of seed and stream alone (Box and Muller 1958). */
export function normalArray(
  size: number,
  deviation: number,
  seed: number,
  stream: number,
): Float32Array<ArrayBuffer> {
  const uniform = (i: number) => (philox(seed, stream, 0, i) + 0.5) * 2 ** -32;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(uniform(i)));
    const angle = 2 * Math.PI * uniform(i + 1);
    values[i] = radius * Math.cos(angle);
    if (i + 1 < size) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
