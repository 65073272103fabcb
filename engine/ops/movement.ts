import { sameShape, type Shape, sizeOf, Tensor } from "../graph/tensor.ts";

/** Turns axes counted from the end (-1 is the last) into axes counted from the front. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => {
    const normal = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(normal) || normal < 0 || normal >= rank) {
      throw new RangeError(`axis ${axis} is outside a tensor of ${rank} axes`);
    }
    return normal;
  });
}

/** The same elements in row-major order under another shape; one size may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce(
    (product, axis) => axis === -1 ? product : product * axis,
    1,
  );
  const target = shape.map((axis) => axis === -1 ? x.size / known : axis);
  if (
    sizeOf(target) !== x.size || target.some((axis) => !Number.isInteger(axis))
  ) {
    throw new RangeError(`cannot reshape [${x.shape}] to [${shape}]`);
  }
  return sameShape(target, x.shape)
    ? x
    : new Tensor({ kind: "reshape" }, [x], target, x.dtype);
}

/** Axis `i` of the result is axis `axes[i]` of `x`. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = normalizeAxes(axes, x.shape.length);
  if (order.length !== x.shape.length || new Set(order).size !== order.length) {
    throw new RangeError(`[${axes}] does not order the axes of [${x.shape}]`);
  }
  return new Tensor(
    { kind: "permute", axes: order },
    [x],
    order.map((axis) => x.shape[axis]),
    x.dtype,
  );
}

/** `x` repeated along missing axes and axes of size 1 up to `shape`, by the rules of NumPy. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = shape.length - x.shape.length;
  const aligned = [...new Array(Math.max(missing, 0)).fill(1), ...x.shape];
  if (
    missing < 0 || aligned.some((axis, i) => axis !== 1 && axis !== shape[i])
  ) {
    throw new RangeError(`[${x.shape}] does not broadcast to [${shape}]`);
  }
  if (x.operation.kind === "constant") {
    return new Tensor(x.operation, [], shape, x.dtype);
  }
  const y = reshape(x, aligned);
  return sameShape(aligned, shape)
    ? y
    : new Tensor({ kind: "expand" }, [y], shape, x.dtype);
}

/** The block of `sizes` that begins at `starts`. */
export function slice(
  x: Tensor,
  starts: readonly number[],
  sizes: Shape,
): Tensor {
  if (
    starts.length !== x.shape.length || sizes.length !== x.shape.length ||
    starts.some((start, i) =>
      start < 0 || sizes[i] < 1 || start + sizes[i] > x.shape[i]
    )
  ) {
    throw new RangeError(
      `slice at [${starts}] of [${sizes}] is outside [${x.shape}]`,
    );
  }
  return sameShape(sizes, x.shape)
    ? x
    : new Tensor({ kind: "slice", starts }, [x], sizes, x.dtype);
}

/** The part from `start` up to `end` along one axis. */
export function sliceAxis(
  x: Tensor,
  axis: number,
  start: number,
  end: number,
): Tensor {
  const [normal] = normalizeAxes([axis], x.shape.length);
  return slice(
    x,
    x.shape.map((_, i) => i === normal ? start : 0),
    x.shape.map((size, i) => i === normal ? end - start : size),
  );
}

/** `x` with zeros around it: `before[i]` in front of axis `i` and `after[i]` behind it. */
export function pad(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
): Tensor {
  if (before.length !== x.shape.length || after.length !== x.shape.length) {
    throw new RangeError(
      `padding needs ${x.shape.length} numbers in front and behind`,
    );
  }
  const shape = x.shape.map((axis, i) => before[i] + axis + after[i]);
  return sameShape(shape, x.shape)
    ? x
    : new Tensor({ kind: "pad", before }, [x], shape, x.dtype);
}

/** The tensors one after another along `axis`; their other axes are equal. */
export function concatenate(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  const [normal] = normalizeAxes([axis], first.shape.length);
  for (const tensor of tensors) {
    if (
      tensor.dtype !== first.dtype ||
      tensor.shape.length !== first.shape.length ||
      tensor.shape.some((size, i) => i !== normal && size !== first.shape[i])
    ) {
      throw new RangeError(
        `cannot concatenate [${first.shape}] and [${tensor.shape}] along ${axis}`,
      );
    }
  }
  if (tensors.length === 1) return first;
  const total = tensors.reduce((sum, tensor) => sum + tensor.shape[normal], 0);
  return new Tensor(
    { kind: "concatenate", axis: normal },
    tensors,
    first.shape.map((size, i) => i === normal ? total : size),
    first.dtype,
  );
}
