import type { HostArray } from "../../engine/devices/device.ts";
import {
  input,
  type Shape,
  sizeOf,
  Storage,
  type Tensor,
} from "../../engine/graph/tensor.ts";
import { multiply, tanh } from "../../engine/ops/elementwise.ts";
import { broadcastTo, reshape, sliceAxis } from "../../engine/ops/movement.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import type { Draw } from "../fuzz/draw.ts";
import { evaluate } from "./reference.ts";

/** One, primes, powers of two and what is beside them: tiles of kernels end within most of these. */
const SIZES = [1, 1, 2, 2, 3, 3, 4, 5, 5, 7, 8, 11];
const LARGE_SIZES = [13, 16, 17, 31, 33, 64, 67, 129];
/** Most elements of a tensor: few, because the reference is slow; in large graphs, enough for several threads. */
const MAX_ELEMENTS = { small: 300, large: 5000 };
const MAX_VARIABLES = 8;
/** Above this magnitude a value is squashed, so that nothing overflows and errors stay small. */
const MAX_MAGNITUDE = 4;

/** Draws the tensors of a graph, and values for its inputs, so that every value is finite and of moderate size. */
export class GraphBuilder {
  /** Values of the inputs. */
  readonly feeds: Record<string, HostArray> = {};
  /** Inputs and parts of storages that have a gradient. */
  readonly variables: Tensor[] = [];
  /** What later steps may work on, all f32. */
  readonly nodes: Tensor[] = [];
  /** Storages, with their first content. */
  readonly storages: Storage[] = [];
  readonly #random: RandomSource;
  readonly #values = new Map<Tensor, Float64Array>();

  /** An empty graph, whose tensors may be large. */
  constructor(readonly draw: Draw, private readonly large: boolean) {
    this.#random = new RandomSource(input("key", [2], "u32"));
  }

  /** Random numbers of the graph's own. */
  get random(): RandomSource {
    this.feeds.key ??= Uint32Array.from(
      [0, 1],
      () => this.draw.below(2 ** 32 - 1),
    );
    return this.#random;
  }

  /** Most elements that a tensor of this graph may have. */
  get maxElements(): number {
    return this.large ? MAX_ELEMENTS.large : MAX_ELEMENTS.small;
  }

  /** A size of an axis. */
  size(): number {
    return this.draw.of(
      this.large && this.draw.oneIn(3) ? LARGE_SIZES : SIZES,
    );
  }

  /** A shape of so many axes; axes that would make it too large have size 1. */
  shape(rank: number): number[] {
    let elements = 1;
    return Array.from({ length: rank }, () => {
      const size = this.size();
      if (elements * size > this.maxElements) return 1;
      elements *= size;
      return size;
    });
  }

  /** A node made before, mostly a recent one. */
  pick(): Tensor {
    return this.draw.of(
      this.draw.oneIn(4) ? this.nodes : this.nodes.slice(-5),
    );
  }

  /** New values: an input, or a part of a storage. */
  variable(shape: Shape): Tensor {
    const name = `x${this.variables.length}`;
    const size = sizeOf(shape);
    let tensor: Tensor;
    if (this.draw.oneIn(4)) {
      const [before, after] = [this.draw.below(4), this.draw.below(4)];
      const whole = this.draw.oneIn(2);
      const offset = whole ? 0 : before;
      const length = whole ? size : before + size + after;
      const values = this.draw.numbers(length, -1, 1);
      const storage = new Storage(name, length, "f32", values);
      this.storages.push(storage);
      tensor = storage.tensor(shape, offset);
    } else {
      this.feeds[name] = this.draw.numbers(size, -1, 1);
      tensor = input(name, shape);
    }
    this.variables.push(tensor);
    return tensor;
  }

  /** Whole numbers from `low` to `high`, as an input. */
  integers(size: number, low: number, high: number): Tensor {
    const name = `i${Object.keys(this.feeds).length}`;
    this.feeds[name] = Int32Array.from(
      { length: size },
      () => low + this.draw.below(high - low + 1),
    );
    return input(name, [size], "i32");
  }

  /** Bytes, as an input. */
  bytes(shape: Shape): Tensor {
    const name = `i${Object.keys(this.feeds).length}`;
    this.feeds[name] = Uint8Array.from(
      { length: sizeOf(shape) },
      () => this.draw.below(256),
    );
    return input(name, shape, "u8");
  }

  /** The elements of `x`, repeated or cut off, under a shape. */
  fit(x: Tensor, shape: Shape): Tensor {
    const size = sizeOf(shape);
    const repeats = Math.ceil(size / x.size);
    const row = reshape(x, [1, x.size]);
    const flat = reshape(broadcastTo(row, [repeats, x.size]), [-1]);
    const start = this.draw.below(flat.size - size + 1);
    return reshape(sliceAxis(flat, 0, start, start + size), shape);
  }

  /** A tensor of a shape: new values, or some that are there. */
  operand(shape: Shape): Tensor {
    return this.variables.length < MAX_VARIABLES && this.draw.oneIn(2)
      ? this.variable(shape)
      : this.fit(this.pick(), shape);
  }

  /** A tensor that broadcasts to the shape of `x`. */
  like({ shape }: Tensor): Tensor {
    const same = this.nodes.filter((node) => `${node.shape}` === `${shape}`);
    if (same.length > 1 && !this.draw.oneIn(3)) return this.draw.of(same);
    const sizes = shape.map((size) => this.draw.oneIn(4) ? 1 : size);
    return this.operand(this.draw.oneIn(4) ? sizes.slice(1) : sizes);
  }

  /** An axis of `x`, which has one. */
  axis({ shape }: Tensor): number {
    return this.draw.below(shape.length);
  }

  /** Makes a node available to later steps, squashed where it is large; one that is too big is left out. */
  push(node: Tensor): void {
    if (node.size > this.maxElements || node.shape.length > 6) return;
    const [values] = evaluate([node], this.feeds, this.#values);
    const magnitude = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    this.nodes.push(
      magnitude <= MAX_MAGNITUDE
        ? node
        : tanh(multiply(node, Math.fround(2 / magnitude))),
    );
  }
}
