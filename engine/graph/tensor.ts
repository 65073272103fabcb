/** Element types. Bytes (`u8`) can only be inputs; cast them before computing. */
export type DType = "f32" | "i32" | "u32" | "u8";

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** Geometry of a convolution or pooling window, NHWC, the same in both directions. */
export interface Window {
  /** Height and width of the window. */
  readonly size: number;
  /** Step between windows. */
  readonly stride: number;
  /** Zeros (for a maximum: nothing) added on each side. */
  readonly padding: number;
}

/** Elementwise functions of one argument. */
export type UnaryName =
  | "negate"
  | "exp"
  | "log"
  | "sqrt"
  | "tanh"
  | "erf"
  | "abs"
  | "floor";

/** Elementwise functions of two arguments; comparisons give 1 or 0. */
export type BinaryName =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "maximum"
  | "minimum"
  | "less"
  | "equal";

/** Data that stays on the device between steps; see {@linkcode Storage}. */
export interface StateOperation {
  /** Tells the operations apart. */
  readonly kind: "state";
  /** Where the data is. */
  readonly storage: Storage;
  /** Where the tensor begins in its storage, in elements. */
  readonly offset: number;
  /** Name shown in messages. */
  readonly name: string;
}

/**
 * Gradients of a node with respect to its inputs, given that of its output. `undefined` where no
 * gradient flows.
 */
export type Backward = (outputGradient: Tensor) => (Tensor | undefined)[];

/** What makes a tensor from its inputs: the whole instruction set of the engine. */
export type Operation =
  | { readonly kind: "input"; readonly name: string }
  | StateOperation
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "iota"; readonly axis: number }
  | { readonly kind: "random"; readonly stream: number }
  | { readonly kind: "unary"; readonly name: UnaryName }
  | { readonly kind: "binary"; readonly name: BinaryName }
  | { readonly kind: "select" }
  | { readonly kind: "cast" }
  | {
    readonly kind: "reduce";
    readonly name: "sum" | "max";
    readonly axes: readonly number[];
  }
  | { readonly kind: "reshape" }
  | { readonly kind: "permute"; readonly axes: readonly number[] }
  | { readonly kind: "expand" }
  | { readonly kind: "slice"; readonly starts: readonly number[] }
  | { readonly kind: "pad"; readonly before: readonly number[] }
  | { readonly kind: "concatenate"; readonly axis: number }
  | {
    readonly kind: "matmul";
    readonly transposeA: boolean;
    readonly transposeB: boolean;
  }
  | { readonly kind: "convolution"; readonly window: Window }
  | { readonly kind: "convolutionInputGradient"; readonly window: Window }
  | { readonly kind: "convolutionWeightGradient"; readonly window: Window }
  | {
    readonly kind: "pool";
    readonly mode: "max" | "average";
    readonly window: Window;
  }
  | {
    readonly kind: "poolGradient";
    readonly mode: "max" | "average";
    readonly window: Window;
  }
  | { readonly kind: "gather" }
  | { readonly kind: "scatterAdd" }
  | { readonly kind: "materialize" }
  | { readonly kind: "stopGradient" }
  | { readonly kind: "customGradient"; readonly backward: Backward };

let nextId = 0;

/**
 * A node of the static graph: shape, element type and the operation that makes it. It holds no
 * data; a program compiled from it does.
 */
export class Tensor {
  /** Order of creation: a node is always younger than its inputs. */
  readonly id: number = nextId++;

  /**
   * Makes a node; prefer the functions of `engine/ops`.
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
  ) {}

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
  /** A storage of `size` elements whose first content is `initial` (zeros if absent). */
  constructor(
    /** Name shown in messages. */
    readonly name: string,
    /** Number of elements. */
    readonly size: number,
    /** Type of the elements. */
    readonly dtype: "f32" | "i32" | "u32" = "f32",
    /** First content, written when the storage is first placed on a device. */
    readonly initial?: Float32Array | Int32Array | Uint32Array,
  ) {}

  /** The part of the storage at `offset` elements, seen as a tensor of `shape`. */
  tensor(
    shape: Shape = [this.size],
    offset = 0,
    name: string = this.name,
  ): Tensor {
    return new Tensor(
      { kind: "state", storage: this, offset, name },
      [],
      shape,
      this.dtype,
    );
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

/** Values fed to the program before each step. */
export function input(
  name: string,
  shape: Shape,
  dtype: DType = "f32",
): Tensor {
  return new Tensor({ kind: "input", name }, [], shape, dtype);
}

/** A number, as a tensor of `shape`. */
export function constant(
  value: number,
  shape: Shape = [],
  dtype: "f32" | "i32" | "u32" = "f32",
): Tensor {
  return new Tensor({ kind: "constant", value }, [], shape, dtype);
}
