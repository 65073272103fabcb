import { apply, type Definitions } from "../graph/definition.ts";
import { fixedView, reshapeMap } from "../graph/index_map.ts";
import {
  checkNatural,
  constant,
  sameShape,
  type Shape,
  sizeOf,
  type Tensor,
} from "../graph/tensor.ts";
import { sum } from "./reduction.ts";

/** The same elements in row-major order under another shape. */
export interface ReshapeOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "reshape";
  /** Sizes of the axes of the result. */
  readonly shape: Shape;
}

/** The axes in another order. */
export interface PermuteOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "permute";
  /** The axis of the input that each axis of the result is. */
  readonly axes: readonly number[];
}

/** Axes of size 1 repeated. */
export interface ExpandOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "expand";
  /** Sizes of the axes of the result. */
  readonly shape: Shape;
}

/** A block of the input. */
export interface SliceOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "slice";
  /** Where it begins along each axis. */
  readonly starts: readonly number[];
  /** Its size along each axis. */
  readonly sizes: Shape;
}

/** The input with zeros around it. */
export interface PadOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "pad";
  /** Zeros in front of each axis. */
  readonly before: readonly number[];
  /** Zeros behind each axis. */
  readonly after: readonly number[];
}

/** Tensors one after another along an axis. */
export interface ConcatenateOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "concatenate";
  /** Axis along which they follow each other. */
  readonly axis: number;
}

/** Operations that bring elements to other positions. */
export type MovementOperation =
  | ReshapeOperation
  | PermuteOperation
  | ExpandOperation
  | SliceOperation
  | PadOperation
  | ConcatenateOperation;

/**
 * Definitions of the operations that bring elements to other positions.
 *
 * @internal
 */
export const movement:
  & Definitions<
    ReshapeOperation | PermuteOperation | ExpandOperation | SliceOperation,
    "movement"
  >
  & Definitions<PadOperation | ConcatenateOperation, "assembly"> = {
    reshape: {
      role: "movement",
      keepsOrder: true,
      repeats: false,
      infer({ shape }, [x]) {
        if (sizeOf(shape) !== x.size) {
          throw new RangeError(`cannot reshape [${x.shape}] to [${shape}]`);
        }
        return { shape, dtype: x.dtype };
      },
      inputMap: ({ inputs: [x], shape }, _operation, map, loops) =>
        reshapeMap(map, shape, x.shape, loops),
      gradient: (gradient, { inputs: [x] }) => [reshape(gradient, x.shape)],
    },
    permute: {
      role: "movement",
      keepsOrder: false,
      repeats: false,
      infer({ axes }, [x]) {
        if (axes.length !== x.shape.length) {
          throw new RangeError(
            `[${axes}] does not order the axes of [${x.shape}]`,
          );
        }
        return { shape: axes.map((axis) => x.shape[axis]), dtype: x.dtype };
      },
      inputMap: ({ inputs: [x] }, { axes }, map) =>
        x.shape.map((_, axis) => map[axes.indexOf(axis)]),
      gradient: (
        gradient,
        _node,
        { axes },
      ) => [permute(gradient, axes.map((_, axis) => axes.indexOf(axis)))],
    },
    expand: {
      role: "movement",
      keepsOrder: false,
      repeats: true,
      infer({ shape }, [x]) {
        if (
          x.shape.length !== shape.length ||
          x.shape.some((size, axis) => size !== 1 && size !== shape[axis])
        ) {
          throw new RangeError(
            `[${x.shape}] does not broadcast to [${shape}]`,
          );
        }
        return { shape, dtype: x.dtype };
      },
      inputMap: ({ inputs: [x], shape }, _operation, map, loops) =>
        map.map((position, axis) =>
          x.shape[axis] === shape[axis] ? position : fixedView(0, loops)
        ),
      gradient(gradient, { inputs: [x], shape }) {
        const axes = x.shape.flatMap((size, axis) =>
          size === shape[axis] ? [] : [axis]
        );
        return [sum(gradient, { axes, keepAxes: true })];
      },
    },
    slice: {
      role: "movement",
      keepsOrder: false,
      repeats: false,
      infer({ starts, sizes }, [x]) {
        const isInside = (start: number, axis: number) =>
          Number.isInteger(start) && Number.isInteger(sizes[axis]) &&
          start >= 0 && sizes[axis] >= 1 &&
          start + sizes[axis] <= x.shape[axis];
        if (
          starts.length !== x.shape.length ||
          sizes.length !== x.shape.length || !starts.every(isInside)
        ) {
          throw new RangeError(
            `slice at [${starts}] of [${sizes}] is outside [${x.shape}]`,
          );
        }
        return { shape: sizes, dtype: x.dtype };
      },
      inputMap: (_node, { starts }, map) =>
        map.map((position, axis) => ({
          ...position,
          offset: position.offset + starts[axis],
        })),
      gradient(gradient, { inputs: [x] }, { starts, sizes }) {
        const after = x.shape.map((size, i) => size - starts[i] - sizes[i]);
        return [pad(gradient, starts, after)];
      },
    },
    pad: {
      role: "assembly",
      hasGaps: true,
      infer({ before, after }, [x]) {
        if (
          before.length !== x.shape.length || after.length !== before.length
        ) {
          throw new RangeError(
            `padding of [${x.shape}] needs ${x.shape.length} numbers in front and behind, not [${before}] and [${after}]`,
          );
        }
        for (const count of [...before, ...after]) {
          checkNatural(count, `padding of [${x.shape}]`);
        }
        checkStorable("pad", x);
        return {
          shape: x.shape.map((size, axis) => before[axis] + size + after[axis]),
          dtype: x.dtype,
        };
      },
      starts: ({ before }) => [before],
      gradient: (
        gradient,
        { inputs: [x] },
        { before },
      ) => [slice(gradient, before, x.shape)],
    },
    concatenate: {
      role: "assembly",
      hasGaps: false,
      infer({ axis }, inputs) {
        const [first] = inputs;
        for (const { shape, dtype } of inputs) {
          if (
            dtype !== first.dtype || shape.length !== first.shape.length ||
            shape.some((size, i) => i !== axis && size !== first.shape[i])
          ) {
            throw new RangeError(
              `cannot concatenate ${first.dtype} [${first.shape}] and ${dtype} [${shape}] along axis ${axis}`,
            );
          }
        }
        checkStorable("concatenate", first);
        const total = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
        return {
          shape: first.shape.map((size, i) => i === axis ? total : size),
          dtype: first.dtype,
        };
      },
      starts({ axis }, inputs) {
        let start = 0;
        return inputs.map(({ shape }) => {
          const starts = shape.map((_, i) => i === axis ? start : 0);
          start += shape[axis];
          return starts;
        });
      },
      gradient: (gradient, { inputs }, operation) =>
        movement.concatenate.starts(operation, inputs)
          .map((starts, i) => slice(gradient, starts, inputs[i].shape)),
    },
  };

/** Throws unless kernels can store the elements of `x`. */
function checkStorable(name: string, { dtype }: Tensor): void {
  if (dtype === "u8") throw new TypeError(`${name} cannot take u8; cast it`);
}

/**
 * Turns axes counted from the end (-1 is the last) into axes counted from the front.
 *
 * @throws {RangeError} if there is no such axis, or one occurs twice.
 */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  const normal = axes.map((axis) => {
    const fromFront = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(fromFront) || fromFront < 0 || fromFront >= rank) {
      throw new RangeError(`axis ${axis} is outside a tensor of ${rank} axes`);
    }
    return fromFront;
  });
  if (new Set(normal).size !== normal.length) {
    throw new RangeError(`axes [${axes}] name one axis twice`);
  }
  return normal;
}

/**
 * The same elements in row-major order under another shape; one size may be -1, and is then what the
 * others leave.
 *
 * @throws {RangeError} if the shape has another number of elements.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const others = shape.reduce(
    (product, axis) => axis === -1 ? product : product * axis,
    1,
  );
  const target = shape.map((axis) => axis === -1 ? x.size / others : axis);
  return sameShape(target, x.shape)
    ? x
    : apply(movement.reshape, { kind: "reshape", shape: target }, [x]);
}

/**
 * Axis `i` of the result is axis `axes[i]` of `x`.
 *
 * @throws {RangeError} if `axes` does not name each axis once.
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = normalizeAxes(axes, x.shape.length);
  return apply(movement.permute, { kind: "permute", axes: order }, [x]);
}

/**
 * `x` repeated along missing axes and axes of size 1 up to `shape`, by the rules of NumPy.
 *
 * @throws {RangeError} if it does not broadcast to that.
 */
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
    return constant(x.operation.value, shape, x.operation.dtype);
  }
  const y = reshape(x, aligned);
  return sameShape(aligned, shape)
    ? y
    : apply(movement.expand, { kind: "expand", shape }, [y]);
}

/**
 * The block of `sizes` that begins at `starts`.
 *
 * @throws {RangeError} if it is not inside `x`.
 */
export function slice(
  x: Tensor,
  starts: readonly number[],
  sizes: Shape,
): Tensor {
  const y = apply(movement.slice, { kind: "slice", starts, sizes }, [x]);
  return sameShape(sizes, x.shape) ? x : y;
}

/**
 * The part from `start` up to `end` along one axis.
 *
 * @throws {RangeError} if it is not inside `x`, or empty.
 */
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

/**
 * `x` with zeros around it: `before[i]` in front of axis `i` and `after[i]` behind it.
 *
 * @throws {RangeError} if a number is missing, negative or not whole.
 */
export function pad(
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
): Tensor {
  const y = apply(movement.pad, { kind: "pad", before, after }, [x]);
  return sameShape(y.shape, x.shape) ? x : y;
}

/**
 * The tensors one after another along `axis`.
 *
 * @throws {RangeError} if there are none, or they differ along another axis.
 */
export function concatenate(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) {
    throw new RangeError("there is nothing to concatenate");
  }
  const [normal] = normalizeAxes([axis], tensors[0].shape.length);
  return tensors.length === 1 ? tensors[0] : apply(
    movement.concatenate,
    { kind: "concatenate", axis: normal },
    tensors,
  );
}
