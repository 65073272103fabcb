import { apply, type Definitions } from "../graph/definition.ts";
import type { Tensor } from "../graph/tensor.ts";
import {
  divide,
  equal,
  less,
  multiply,
  negate,
  select,
  subtract,
} from "./elementwise.ts";
import { iota } from "./iota.ts";
import { materialize } from "./materialize.ts";
import { broadcastTo, normalizeAxes, reshape } from "./movement.ts";

/** A combination of all elements along some axes, which stay with size 1. */
export interface ReduceOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "reduce";
  /** How they are combined. */
  readonly name: "sum" | "max";
  /** Axes along which they are combined. */
  readonly axes: readonly number[];
}

/**
 * Definition of the operation that combines elements.
 *
 * @internal
 */
export const reduction: Definitions<ReduceOperation, "reduction"> = {
  reduce: {
    role: "reduction",
    infer({ name, axes }, [x]) {
      if (x.dtype === "u8") {
        throw new TypeError(`${name} cannot take u8; cast it`);
      }
      const shape = x.shape.map((size, axis) => axes.includes(axis) ? 1 : size);
      return { shape, dtype: x.dtype };
    },
    gradient(gradient, node, { name, axes }) {
      const [x] = node.inputs;
      const spread = broadcastTo(gradient, x.shape);
      if (name === "sum") return [spread];
      // the same numbers as the reduction saw, or rounding could leave none that equals the largest
      const isLargest = equal(materialize(x), broadcastTo(node, x.shape));
      const count = sum(isLargest, { axes, keepAxes: true });
      return [multiply(isLargest, divide(spread, count))];
    },
  },
};

/** Which axes a reduction runs over. */
export interface ReductionOptions {
  /** Axes to reduce, negative ones counted from the end; all of them by default. */
  readonly axes?: readonly number[];
  /** Keep the reduced axes with size 1. */
  readonly keepAxes?: boolean;
}

function reduce(
  name: "sum" | "max",
  x: Tensor,
  options: ReductionOptions,
): Tensor {
  const axes = normalizeAxes(
    options.axes ?? x.shape.map((_, axis) => axis),
    x.shape.length,
  );
  const y = axes.every((axis) => x.shape[axis] === 1)
    ? x
    : apply(reduction.reduce, { kind: "reduce", name, axes }, [x]);
  return options.keepAxes
    ? y
    : reshape(y, x.shape.filter((_, axis) => !axes.includes(axis)));
}

/** The sum over `axes`. */
export const sum = (x: Tensor, options: ReductionOptions = {}): Tensor =>
  reduce("sum", x, options);

/** The maximum over `axes`; where several are largest they share the gradient equally. */
export const max = (x: Tensor, options: ReductionOptions = {}): Tensor =>
  reduce("max", x, options);

/** The minimum over `axes`. */
export function min(x: Tensor, options: ReductionOptions = {}): Tensor {
  // the lowest i32 has no opposite, but every i32 has a complement, -1 - x
  const reverse = (y: Tensor) =>
    x.dtype === "i32" ? subtract(-1, y) : negate(y);
  return reverse(max(reverse(x), options));
}

/**
 * The mean over `axes`; f32 only.
 *
 * @throws {TypeError} if `x` has another element type.
 */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  if (x.dtype !== "f32") {
    throw new TypeError(`mean needs f32, not ${x.dtype}; cast it`);
  }
  const total = sum(x, options);
  return multiply(total, total.size / x.size);
}

/**
 * The biased variance over `axes`, as normalisation uses it; f32 only.
 *
 * @throws {TypeError} if `x` has another element type.
 */
export function variance(x: Tensor, options: ReductionOptions = {}): Tensor {
  const centred = subtract(x, mean(x, { ...options, keepAxes: true }));
  return mean(multiply(centred, centred), options);
}

/** Position of the first largest element along `axis`, as i32; no gradient. */
export function argmax(x: Tensor, axis: number): Tensor {
  const [normal] = normalizeAxes([axis], x.shape.length);
  const values = materialize(x);
  const largest = max(values, { axes: [normal], keepAxes: true });
  // what is not less, because with a NaN nothing equals the largest, and some position is needed
  const candidates = select(
    less(values, largest),
    x.shape[normal],
    iota(x.shape, normal),
  );
  return min(candidates, { axes: [normal] });
}
