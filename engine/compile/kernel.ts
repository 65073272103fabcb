import type { View } from "../graph/index_map.ts";
import type { DType, Storage, Tensor } from "../graph/tensor.ts";
import type { Communicator } from "../communicator.ts";
import type { Collective } from "../ops/collective.ts";
import type { Window } from "../ops/window.ts";
import type { Expression, ScalarType } from "./expression.ts";

/**
 * An elementwise map, or a map followed by a reduction and an elementwise epilogue. Loops are
 * collapsed: no loop has one iteration, and neighbours that could be one loop are.
 */
export interface FusedKernel {
  /** The discriminant of {@linkcode Kernel}. */
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
  /** Type of the results. */
  readonly dtype: ScalarType;
}

/** A batch of matrix products `[m, k] x [k, n]`, operands strided, result row-major. */
export interface MatmulKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "matmul";
  /** Sizes of the batch loops, at most two. */
  readonly batch: readonly number[];
  /** Rows of the first operand and of the result. */
  readonly m: number;
  /** Columns of the second operand and of the result. */
  readonly n: number;
  /** Columns of the first operand and rows of the second, summed over. */
  readonly k: number;
  /** Strides over `[...batch, m, k]`. */
  readonly a: View;
  /** Strides over `[...batch, k, n]`. */
  readonly b: View;
}

/** Sizes of a convolution or pooling: input NHWC, `outputs` channels of `outHeight` x `outWidth`. */
export interface ImageGeometry {
  /** Number of images. */
  readonly n: number;
  /** Height of the input in pixels. */
  readonly height: number;
  /** Width of the input in pixels. */
  readonly width: number;
  /** Channels of the input. */
  readonly inputs: number;
  /** Height of the output in pixels. */
  readonly outHeight: number;
  /** Width of the output in pixels. */
  readonly outWidth: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Size, stride and padding of the window. */
  readonly window: Window;
}

/**
 * One pass of a convolution. Inputs and output: `forward` x, weight -> y; `inputGradient` dy,
 * weight -> dx; `weightGradient` x, dy -> dweight.
 */
export interface ConvolutionKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "convolution";
  /** Which of the three. */
  readonly pass: "forward" | "inputGradient" | "weightGradient";
  /** Sizes of the forward pass, whichever pass this is. */
  readonly geometry: ImageGeometry;
}

/** Max pooling x -> y, or its gradient dy, x -> dx; `inputs` and `outputs` of the geometry are equal. */
export interface PoolKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "pool";
  /** Whether it is the gradient. */
  readonly gradient: boolean;
  /** Sizes of the forward pass. */
  readonly geometry: ImageGeometry;
}

/** Rows of a table: table `[rows, width]`, indices `[count]` -> `[count, width]`; indices are clamped. */
export interface GatherKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "gather";
  /** Rows of the table. */
  readonly rows: number;
  /** Number of indices. */
  readonly count: number;
  /** Elements of a row. */
  readonly width: number;
}

/** Sum of updates per row: indices `[count]`, updates `[count, width]` -> `[rows, width]`, in order. */
export interface ScatterKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "scatterAdd";
  /** Rows of the result. */
  readonly rows: number;
  /** Number of updates. */
  readonly count: number;
  /** Elements of a row. */
  readonly width: number;
}

/** Sets every element of the output to 0. */
export interface ZeroKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "zero";
}

/** Copies the input, of the size of the output, to the output. */
export interface CopyKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "copy";
}

/** Begins an exchange of the input, whose result the output holds after its {@linkcode WaitKernel}. */
export interface CollectiveKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "collective";
  /** Which exchange. */
  readonly name: Collective;
  /** The processes that take part. */
  readonly communicator: Communicator;
}

/** Waits for the exchange whose output it writes. */
export interface WaitKernel {
  /** The discriminant of {@linkcode Kernel}. */
  readonly kind: "wait";
}

/** What one dispatch computes. Exchanges are carried out by the program, not by devices. */
export type Kernel =
  | FusedKernel
  | MatmulKernel
  | ConvolutionKernel
  | PoolKernel
  | GatherKernel
  | ScatterKernel
  | ZeroKernel
  | CopyKernel
  | CollectiveKernel
  | WaitKernel;

/** A kernel with the stored nodes that it reads. */
export interface Lowered<Of extends Kernel = Kernel> {
  /** What is computed. */
  readonly kernel: Of;
  /** What it reads, in the order of its inputs. */
  readonly reads: readonly Tensor[];
}

/** A contiguous region that kernels read and write. */
export interface Buffer {
  /** Number of elements. */
  readonly size: number;
  /** Type of the elements. */
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
  /** What is computed. */
  readonly kernel: Kernel;
  /** What it reads, in the order that its kind of kernel gives. */
  readonly inputs: readonly Buffer[];
  /** What it writes; a state may be read and written by one fused kernel, element by element. */
  readonly output: Buffer;
}

/** The dispatches of a program in order, and the buffers whose values are wanted at its end. */
export interface Schedule {
  /** What runs, in order. */
  readonly dispatches: readonly Dispatch[];
  /** Where the values fed before a step go, by name. */
  readonly inputs: ReadonlyMap<string, Buffer>;
  /** One for each output of the program, in its order. */
  readonly outputs: readonly Buffer[];
}
