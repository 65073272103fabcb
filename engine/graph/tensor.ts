import { leaves } from "../ops/leaves.ts";
import { apply } from "./definition.ts";
import type { Operation } from "./operations.ts";

/** Element types. Bytes (`u8`) can only be inputs; cast them before computing. */
export type DType = "f32" | "i32" | "u32" | "u8";

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

let nextId = 0;

/**
 * A node of the static graph: shape, element type and the operation that makes it. It holds no
 * data; a program compiled from it does.
 */
export class Tensor {
  /** Order of creation: a node is always younger than its inputs. */
  readonly id: number = nextId++;

  /**
   * Makes a node; prefer the functions of `engine/ops`, which check inputs.
   *
   * @throws {RangeError} if a size is not a whole number of at least 1.
   *
   * @internal
   */
  constructor(
    /**
     * What makes it.
     *
     * @internal
     */
    readonly operation: Operation,
    /** What it is made from. */
    readonly inputs: readonly Tensor[],
    /** Sizes of its axes. */
    readonly shape: Shape,
    /** Type of its elements. */
    readonly dtype: DType = "f32",
  ) {
    const name = operation.kind === "input" || operation.kind === "state"
      ? `${operation.kind} ${operation.name}`
      : operation.kind;
    for (const size of shape) checkPositive(size, `${name}: each size`);
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }
}

/**
 * A region of device memory that outlives a step: parameters, moments, running statistics. Several
 * tensors may look at parts of it, so that an optimiser can update all parameters in one pass.
 */
export class Storage {
  /**
   * A storage of `size` elements whose first content is `initial` (zeros if absent).
   *
   * @throws {RangeError} if the size is not a whole number of at least 1, or `initial` has another
   * length.
   * @throws {TypeError} if `initial` has another element type.
   */
  constructor(
    /** Name shown in messages. */
    readonly name: string,
    /** Number of elements. */
    readonly size: number,
    /** Type of the elements. */
    readonly dtype: "f32" | "i32" | "u32" = "f32",
    /** First content, written when the storage is first placed on a device. */
    readonly initial?: Float32Array | Int32Array | Uint32Array,
  ) {
    checkPositive(size, `storage ${name}: the size`);
    if (initial && !(initial instanceof arrayTypes[dtype])) {
      throw new TypeError(
        `storage ${name} holds ${dtype} and cannot begin with a ${initial.constructor.name}`,
      );
    }
    if (initial && initial.length !== size) {
      throw new RangeError(
        `storage ${name} has ${size} elements and cannot begin with ${initial.length}`,
      );
    }
  }

  /**
   * The part of the storage at `offset` elements, seen as a tensor of `shape`.
   *
   * @throws {RangeError} if that part is not inside the storage.
   */
  tensor(
    shape: Shape = [this.size],
    offset = 0,
    name: string = this.name,
  ): Tensor {
    return apply(
      leaves.state,
      { kind: "state", storage: this, shape, offset, name },
      [],
    );
  }
}

const arrayTypes = { f32: Float32Array, i32: Int32Array, u32: Uint32Array };

/** Throws a RangeError unless `value` is a whole number of at least 1; `what` begins the message. */
export function checkPositive(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(
      `${what} must be a whole number of at least 1, not ${value}`,
    );
  }
}

/** Throws a RangeError unless `value` is a whole number of at least 0; `what` begins the message. */
export function checkNatural(value: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `${what} must be a whole number of at least 0, not ${value}`,
    );
  }
}

/**
 * Throws a RangeError unless a tensor has the expected sizes: numbers, or names of those that may be
 * anything. A leading "..." stands for any further axes. `what` begins the message.
 */
export function checkShape(
  { shape }: Tensor,
  expected: readonly (number | string)[],
  what: string,
): void {
  const anyLeading = expected[0] === "...";
  const sizes = anyLeading ? expected.slice(1) : expected;
  const leading = shape.length - sizes.length;
  const hasRank = anyLeading ? leading >= 0 : leading === 0;
  const fits = (size: number | string, axis: number) =>
    typeof size === "string" || size === shape[leading + axis];
  if (!hasRank || !sizes.every(fits)) {
    throw new RangeError(`${what} must be [${expected}], not [${shape}]`);
  }
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** Elements between neighbours along each axis of a row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/**
 * The shape that both arguments broadcast to, by the rules of NumPy.
 *
 * @throws {RangeError} if they do not.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    }
    return x === 1 ? y : x;
  });
}

/**
 * Values fed to the program before each step, under `name`.
 *
 * @throws {RangeError} if a size is not a whole number of at least 1.
 */
export function input(
  name: string,
  shape: Shape,
  dtype: DType = "f32",
): Tensor {
  return apply(leaves.input, { kind: "input", name, shape, dtype }, []);
}

/**
 * A number, as a tensor of `shape`.
 *
 * @throws {RangeError} if it is an integer type's, and a fraction or out of its range.
 */
export function constant(
  value: number,
  shape: Shape = [],
  dtype: "f32" | "i32" | "u32" = "f32",
): Tensor {
  return apply(leaves.constant, { kind: "constant", value, shape, dtype }, []);
}
