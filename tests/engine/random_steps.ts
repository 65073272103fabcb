import type { Tensor } from "../../engine/graph/tensor.ts";
import * as ops from "../../engine/ops/mod.ts";
import { normalizeWith } from "../../engine/ops/normalization.ts";
import type { GraphBuilder } from "./graph_builder.ts";

/** Makes a tensor of one that has at least one axis. */
export type Step = (x: Tensor, builder: GraphBuilder) => Tensor;

const { add, cast, floor, multiply } = ops;

/** Whole numbers around 0. */
const rounded = (x: Tensor) => cast(multiply(x, 3), "i32");

const elementwise: readonly Step[] = [
  (x, b) => add(x, b.like(x)),
  (x, b) => ops.subtract(b.like(x), x),
  (x, b) => ops.subtract(x, b.like(x)),
  (x, b) => multiply(x, b.like(x)),
  (x, b) => ops.divide(x, add(ops.abs(b.like(x)), 0.5)),
  (x, b) => ops.maximum(x, b.like(x)),
  (x, b) => ops.minimum(b.like(x), x),
  (x, b) => ops.select(ops.less(x, b.like(x)), x, b.like(x)),
  (x, b) => {
    const near = ops.equal(floor(multiply(x, 2)), floor(b.like(x)));
    return ops.select(near, ops.negate(x), b.like(x));
  },
  (x, b) => add(x, b.draw.number(-1, 1)),
  (x, b) => multiply(b.draw.number(-2, 2), x),
  (x, b) => ops.subtract(b.draw.number(-1, 1), x),
  (x) => ops.negate(x),
  (x) => ops.exp(ops.minimum(x, 1)),
  (x) => ops.log(add(ops.abs(x), 0.3)),
  (x) => ops.sqrt(add(ops.square(x), 0.1)),
  (x) => ops.tanh(x),
  (x) => ops.erf(x),
  (x) => ops.abs(x),
  (x) => add(x, floor(multiply(x, 2))),
  (x) => ops.gelu(x),
  (x) => ops.relu(x),
  (x) => ops.clamp(x, -0.5, 0.7),
  (x) => multiply(x, ops.isFinite(x)),
  (x) => ops.materialize(x),
  (x, b) => multiply(ops.stopGradient(x), b.like(x)),
  (x, b) => multiply(x, ops.iota(x.shape, b.axis(x), "f32")),
  (x, b) => {
    const [i, j] = [rounded(x), rounded(b.like(x))];
    return cast(add(multiply(i, j), ops.maximum(ops.abs(i), j)), "f32");
  },
  (x, b) => {
    const unsigned = cast(ops.abs(multiply(x, 9)), "u32");
    const other = cast(ops.abs(multiply(b.like(x), 9)), "u32");
    const sum = add(ops.minimum(unsigned, other), multiply(other, 3));
    return cast(ops.select(ops.less(unsigned, other), sum, unsigned), "f32");
  },
  (x, b) => {
    const [last, start] = [x.shape.length - 1, b.draw.below(4)];
    const width = x.shape[last];
    const bytes = b.bytes([...x.shape.slice(0, -1), start + width]);
    const numbers = multiply(cast(bytes, "f32"), 2 ** -8);
    return add(x, ops.sliceAxis(numbers, last, start, start + width));
  },
  (x, b) => multiply(x, add(b.random.uniform(x.shape), 0.5)),
  (x, b) => ops.dropout(x, 0.3, b.random),
];

/** Some axes, at least one. */
function someAxes({ shape }: Tensor, b: GraphBuilder): number[] {
  const axes = shape.map((_, axis) => axis).filter(() => b.draw.oneIn(2));
  return axes.length > 0 ? axes : [b.draw.below(shape.length)];
}

const reduce = [ops.sum, ops.max, ops.mean, ops.min, ops.variance];

const reductions: readonly Step[] = [
  (x, b) => b.draw.of(reduce)(x, { axes: someAxes(x, b) }),
  (x, b) => b.draw.of(reduce)(x, { axes: someAxes(x, b), keepAxes: true }),
  (x, b) => {
    const options = { axes: someAxes(x, b), keepAxes: true };
    return ops.subtract(x, b.draw.of(reduce)(x, options));
  },
  (x, b) => {
    const options = { axes: someAxes(x, b) };
    const whole = b.draw.of([ops.sum, ops.max])(rounded(x), options);
    return multiply(cast(whole, "f32"), 0.25);
  },
  (x, b) => multiply(cast(ops.argmax(x, b.axis(x)), "f32"), 0.25),
  (x) => ops.softmax(x),
  (x, b) => ops.l2Normalize(add(x, b.like(x))),
  (x, b) => {
    const width = x.shape.slice(-1);
    return ops.layerNorm(x, b.operand(width), b.operand(width));
  },
  (x, b) => {
    const width = x.shape.slice(-1);
    const { output, variance } = ops.batchNorm(
      x,
      b.operand(width),
      b.operand(width),
      1e-3,
    );
    return b.draw.oneIn(4) ? variance : output;
  },
  (x, b) => {
    const width = x.shape.slice(-1);
    const variance = ops.square(b.operand(width));
    const statistics = { mean: b.operand(width), variance };
    return normalizeWith(
      x,
      statistics,
      b.operand(width),
      b.operand(width),
      0.1,
    );
  },
];

const movements: readonly Step[] = [
  (x, b) => ops.permute(x, shuffled(x.shape.map((_, axis) => axis), b)),
  (x, b) => ops.reshape(x, factors(x.size, b)),
  (x, b) => {
    const sizes = x.shape.map((size) =>
      b.draw.oneIn(2) ? size : 1 + b.draw.below(size)
    );
    const starts = x.shape.map((size, i) => b.draw.below(size - sizes[i] + 1));
    return ops.slice(x, starts, sizes);
  },
  (x, b) => {
    const some = () => x.shape.map(() => b.draw.oneIn(2) ? 0 : b.draw.below(4));
    return ops.pad(x, some(), some());
  },
  (x, b) => {
    const axis = b.axis(x);
    const parts = Array.from({ length: 1 + b.draw.below(3) }, () => {
      const sizes = x.shape.map((size, i) => i === axis ? b.size() : size);
      return b.operand(sizes);
    });
    return ops.concatenate(shuffled([x, ...parts], b), axis);
  },
  (x, b) => {
    const axis = b.axis(x);
    const one = ops.sliceAxis(x, axis, 0, 1);
    const shape = one.shape.map((size, i) => i === axis ? b.size() : size);
    return ops.broadcastTo(one, b.draw.oneIn(2) ? shape : [b.size(), ...shape]);
  },
];

const products: readonly Step[] = [
  (x, b) => {
    const k = x.shape.at(-1)!;
    const [n, transposeB] = [b.size(), b.draw.oneIn(2)];
    const matrix = b.operand(transposeB ? [n, k] : [k, n]);
    return ops.matmul(b.fit(x, [...x.shape.slice(0, -1), 1, k]), matrix, {
      transposeB,
    });
  },
  (x, b) => {
    const [rows, columns, n] = [b.size(), x.shape.at(-1)!, b.size()];
    const [transposeA, transposeB] = [b.draw.oneIn(2), b.draw.oneIn(2)];
    const leading = b.shape(b.draw.below(3));
    const a = transposeA ? [columns, rows] : [rows, columns];
    const other = transposeB ? [n, columns] : [columns, n];
    const isShared = b.draw.oneIn(3);
    return ops.matmul(
      b.fit(x, [...leading, ...a]),
      b.operand([...(isShared ? [] : leading), ...other]),
      { transposeA, transposeB },
    );
  },
  (x, b) => {
    // [m, k] -> [m, m]
    const matrix = b.fit(x, [b.size(), x.shape.at(-1)!]);
    return ops.matmul(matrix, matrix, { transposeB: true });
  },
  (x, b) => {
    const heads = 1 + b.draw.below(3);
    const width = heads * (1 + b.draw.below(4));
    const [batch, queries, keys] = [1 + b.draw.below(3), b.size(), b.size()];
    const memory = b.operand([batch, keys, width]);
    const keyMask = b.draw.oneIn(2)
      ? ops.less(b.operand([batch, keys]), 0.3)
      : undefined;
    const dropout = b.draw.oneIn(3)
      ? { rate: 0.2, random: b.random }
      : undefined;
    const query = b.fit(x, [batch, queries, width]);
    const value = b.draw.oneIn(2) ? memory : b.operand(memory.shape);
    return ops.attention(query, memory, value, { heads, keyMask, dropout });
  },
];

/** Steps whose kernels are neither fused ones nor matrix products. */
const otherKernels: readonly Step[] = [
  (x, b) => {
    const size = 1 + b.draw.below(4);
    const stride = 1 + b.draw.below(3);
    const padding = b.draw.below(size + 1);
    const image = asImage(x, Math.max(1, size - 2 * padding), b);
    const inputs = image.shape[3];
    const weight = b.operand([size, size, inputs, b.size()]);
    return ops.convolution(image, weight, { stride, padding });
  },
  (x, b) => {
    const size = 1 + b.draw.below(4);
    const stride = 1 + b.draw.below(3);
    const padding = b.draw.below(size);
    const image = asImage(x, Math.max(1, size - 2 * padding), b);
    return ops.maxPool(image, { size, stride, padding });
  },
  (x, b) => {
    // some are outside the table
    const indices = b.integers(b.size(), -1, x.shape[0]);
    return ops.gather(x, indices);
  },
  (x, b) => {
    const indices = rounded(b.operand([b.size()]));
    return ops.gather(x, indices);
  },
  (x, b) => {
    const rows = b.size();
    return ops.scatterAdd(rows, b.integers(x.shape[0], -1, rows), x);
  },
];

/** The elements of `x` as an image whose sides are at least `side`. */
function asImage(x: Tensor, side: number, b: GraphBuilder): Tensor {
  const [height, width] = [side + b.draw.below(7), side + b.draw.below(7)];
  const images = 1 + b.draw.below(2);
  const channels = b.size();
  return b.fit(x, [images, height, width, channels]);
}

function shuffled<T>(items: readonly T[], b: GraphBuilder): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(b.draw.below(rest.length), 1)[0]);
}

/** A shape of so many elements. */
function factors(size: number, b: GraphBuilder): number[] {
  const divisors: number[] = [];
  for (let d = 1; d <= size; d++) if (size % d === 0) divisors.push(d);
  const first = b.draw.of(divisors);
  return first === size || b.draw.oneIn(3)
    ? [first, size / first]
    : [first, ...factors(size / first, b)];
}

/** Steps whose kernels are fused ones and matrix products. */
export const fusedSteps: readonly Step[] = [
  ...elementwise,
  ...reductions,
  ...movements,
  // more often than one in so many elementwise functions
  ...movements,
  ...products,
];

/** Steps of every operation but exchanges between processes. */
export const allSteps: readonly Step[] = [
  ...fusedSteps,
  ...otherKernels,
  ...otherKernels,
];
