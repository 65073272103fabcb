import type { Expression, ScalarType, View } from "./expression.ts";
import type { DType, Storage, Window } from "./tensor.ts";

/**
 * An elementwise map, or a map followed by a reduction and an elementwise epilogue. Loops are
 * collapsed: no loop has one iteration, and neighbours that could be one loop are.
 */
export interface FusedKernel {
  readonly kind: "fused";
  /** Iterations of each kept loop, then of each reduced loop; views have one stride for each. */
  readonly loops: readonly number[];
  /** How many of the loops are kept; the others are reduced. */
  readonly kept: number;
  /** How the reduced loops are combined; absent where there are none. */
  readonly reduction?: "sum" | "max";
  /** Value of one iteration. */
  readonly body: Expression;
  /** Value stored: an expression of `reduced` and of loads that depend on kept loops only. */
  readonly epilogue: Expression;
  /** Position of each result in the output; strides of reduced loops are 0. */
  readonly output: View;
  readonly dtype: ScalarType;
}

/** A batch of matrix products `[m, k] x [k, n]`, operands strided, result row-major. */
export interface MatmulKernel {
  readonly kind: "matmul";
  /** Sizes of the batch loops, at most two. */
  readonly batch: readonly number[];
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Strides over `[...batch, m, k]`. */
  readonly a: View;
  /** Strides over `[...batch, k, n]`. */
  readonly b: View;
}

/** Sizes of a convolution or pooling: input NHWC, `outputs` channels of `outHeight` x `outWidth`. */
export interface ImageGeometry {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outputs: number;
  readonly window: Window;
}

/**
 * One pass of a convolution. Inputs and output: `forward` x, weight -> y; `inputGradient` dy,
 * weight -> dx; `weightGradient` x, dy -> dweight.
 */
export interface ConvolutionKernel {
  readonly kind: "convolution";
  readonly pass: "forward" | "inputGradient" | "weightGradient";
  readonly geometry: ImageGeometry;
}

/** Pooling x -> y, or its gradient dy, x -> dx; `inputs` and `outputs` of the geometry are equal. */
export interface PoolKernel {
  readonly kind: "pool";
  readonly mode: "max" | "average";
  readonly gradient: boolean;
  readonly geometry: ImageGeometry;
}

/** Rows of a table: table `[rows, width]`, indices `[count]` -> `[count, width]`; indices are clamped. */
export interface GatherKernel {
  readonly kind: "gather";
  readonly rows: number;
  readonly count: number;
  readonly width: number;
}

/** Sum of updates per row: indices `[count]`, updates `[count, width]` -> `[rows, width]`, in order. */
export interface ScatterKernel {
  readonly kind: "scatterAdd";
  readonly rows: number;
  readonly count: number;
  readonly width: number;
}

/** Sets every element of the output to 0. */
export interface ZeroKernel {
  readonly kind: "zero";
}

/** Copies the input, of the size of the output, to the output. */
export interface CopyKernel {
  readonly kind: "copy";
}

/** What one dispatch computes. */
export type Kernel =
  | FusedKernel
  | MatmulKernel
  | ConvolutionKernel
  | PoolKernel
  | GatherKernel
  | ScatterKernel
  | ZeroKernel
  | CopyKernel;

/** A contiguous region that kernels read and write. */
export interface Buffer {
  /** Number of elements. */
  readonly size: number;
  readonly dtype: DType;
  /** What it holds, for messages: operation, shape and the parameter it works on. */
  readonly label: string;
  /** The region of a {@linkcode Storage} that it is, at `offset` elements; absent for temporaries. */
  readonly state?: { readonly storage: Storage; readonly offset: number };
  /** Name under which values are fed, if it is an input. */
  readonly input?: string;
  /** The buffer that it is a part of, beginning at `offset` elements. */
  readonly parent?: { readonly buffer: Buffer; readonly offset: number };
}

/** One kernel with what it reads and writes. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly inputs: readonly Buffer[];
  readonly output: Buffer;
}

/** The dispatches of a program in order, and the buffers whose values are wanted at its end. */
export interface Schedule {
  readonly dispatches: readonly Dispatch[];
  readonly inputs: ReadonlyMap<string, Buffer>;
  readonly outputs: readonly Buffer[];
}
