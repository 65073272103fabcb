import type {
  Buffer,
  Dispatch,
  ImageGeometry,
  MatmulKernel,
} from "../../compile/kernel.ts";
import { bytesOf } from "../../compile/memory.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { UserError } from "../../user_error.ts";
import { fusedShape } from "./fused.ts";

/** Parameters of each hand-written kernel in `assembly/`. */
export const kernelParameters = {
  barrier: 2,
  matmul: 21,
  convolution: 17,
  inputGradient: 17,
  weightGradient: 17,
  pool: 13,
  poolGradient: 14,
  gather: 7,
  scatterAdd: 7,
  sumParts: 6,
  zeroBytes: 3,
  copyBytes: 4,
} as const;

/** Name of a hand-written kernel. */
export type KernelName = keyof typeof kernelParameters;

/** Memory that lasts from one call of a dispatch to the next, shared by all threads. */
export const SHARED = "shared";

/** A call that every thread makes, each for its own part of the work. */
export interface Call {
  /** A hand-written kernel, or the fused kernel of the dispatch. */
  readonly target: KernelName | "fused";
  /** First arguments: addresses of buffers or of shared memory, and numbers. */
  readonly arguments: readonly (Buffer | typeof SHARED | number)[];
  /** Last arguments for each thread, one list for each time that it makes the call. */
  readonly parts: readonly Parts[];
}

/** Last arguments of the calls of one thread. */
type Parts = readonly (readonly number[])[];

/** Work below which waking all threads costs more than it gains, in multiply-adds or so. */
const SMALL_WORK = 16384;
const TILE_ROWS = 6;
const TILE_COLUMNS = 8;
/** Zeros that stand for a pixel outside an image; see `assembly/scratch.ts`. */
const MAX_CHANNELS = 16384;
/** Parts of a long inner axis, each summed on its own. */
const MAX_PARTS = 16;
/** Shortest part of an inner axis that is worth a sum of its own. */
const MIN_PART_LENGTH = 512;
/** Floats that the sums of all parts may take. */
const MAX_PARTIAL_FLOATS = 1 << 20;

/** Cuts `units` into one range per thread, each a multiple of `grain` long but the last. */
function share(
  units: number,
  grain: number,
  threads: number,
): ([number, number] | undefined)[] {
  const step = Math.ceil(units / (threads * grain)) * grain;
  return Array.from({ length: threads }, (_, thread) => {
    const start = thread * step;
    return start < units ? [start, Math.min(start + step, units)] : undefined;
  });
}

/** One call for each thread that has a range, with the arguments that `complete` makes of it. */
function shareCalls(
  ranges: readonly ([number, number] | undefined)[],
  complete: (range: [number, number]) => readonly number[] = (range) => range,
): Parts[] {
  return ranges.map((range) => range ? [complete(range)] : []);
}

/** The calls that carry out a dispatch with so many threads, one after the other. */
export function callsOf(dispatch: Dispatch, threads: number): Call[] {
  const { kernel, inputs, output } = dispatch;
  switch (kernel.kind) {
    case "fused": {
      const { rows, columns } = fusedShape(kernel);
      const workers = sizeOf(kernel.loops) < SMALL_WORK ? 1 : threads;
      const byRows = rows >= 2 * workers || columns < 32 * workers;
      const parts = byRows
        ? shareCalls(share(rows, 1, workers), (part) => [...part, 0, columns])
        : shareCalls(share(columns, 16, workers), (part) => [0, rows, ...part]);
      return [{ target: "fused", arguments: [output, ...inputs], parts }];
    }
    case "matmul":
      return matmulCalls(dispatch, threads);
    case "convolution":
      return kernel.pass === "weightGradient"
        ? weightGradientCalls(dispatch, threads)
        : [convolutionCall(dispatch, threads)];
    case "pool": {
      const { geometry, gradient } = kernel;
      const {
        n,
        height,
        width,
        outHeight,
        outWidth,
        inputs: channels,
        window,
      } = geometry;
      const pixels = n * (gradient ? height * width : outHeight * outWidth);
      const sizes = [
        height,
        width,
        channels,
        outHeight,
        outWidth,
        window.size,
        window.stride,
        window.padding,
      ];
      return [{
        target: gradient ? "poolGradient" : "pool",
        // the 0: no average
        arguments: [...inputs, output, 0, ...sizes],
        parts: shareCalls(share(pixels, 1, threads)),
      }];
    }
    case "gather": {
      const { rows, count, width } = kernel;
      const workers = count * width < SMALL_WORK ? 1 : threads;
      return [{
        target: "gather",
        arguments: [...inputs, output, rows, width * 4],
        parts: shareCalls(share(count, 1, workers)),
      }];
    }
    case "scatterAdd": {
      const { rows, count, width } = kernel;
      const workers = count * width < SMALL_WORK ? 1 : threads;
      return [{
        target: "scatterAdd",
        arguments: [...inputs, output, count, width],
        parts: shareCalls(share(rows, 1, workers)),
      }];
    }
    case "zero":
      return [{
        target: "zeroBytes",
        arguments: [output],
        parts: shareCalls(share(bytesOf(output), 64, threads)),
      }];
    case "copy":
      return [{
        target: "copyBytes",
        arguments: [...inputs, output],
        parts: shareCalls(share(bytesOf(output), 64, threads)),
      }];
  }
}

/** Bytes of shared memory that a dispatch needs. */
export function sharedBytesOf({ kernel, output }: Dispatch): number {
  const parts = kernel.kind === "matmul"
    ? innerPartsOf(kernel)
    : kernel.kind === "convolution" && kernel.pass === "weightGradient"
    ? partsOf(output.size, pixelsOf(kernel.geometry))
    : 1;
  return parts > 1 ? parts * output.size * 4 : 0;
}

/**
 * How many parts a sum over `length` for each of `results` is cut into, so that threads need not all
 * go through all of it: a power of two, which threads share evenly. Depends on the sizes alone, and
 * so does the result.
 */
function partsOf(results: number, length: number): number {
  const most = Math.min(
    MAX_PARTS,
    length / MIN_PART_LENGTH,
    MAX_PARTIAL_FLOATS / results,
  );
  return 2 ** Math.max(0, Math.floor(Math.log2(most)));
}

/** Parts of the inner axis of a product, equally long; batches are shared between threads anyway. */
function innerPartsOf({ batch, m, n, k }: MatmulKernel): number {
  if (batch.length > 0) return 1;
  let parts = partsOf(m * n, k);
  while (k % parts !== 0) parts /= 2;
  return parts;
}

/** Adds up what the parts have left in shared memory. */
function sumCall(output: Buffer, parts: number, threads: number): Call {
  const workers = output.size * parts < SMALL_WORK ? 1 : threads;
  return {
    target: "sumParts",
    arguments: [SHARED, output, parts, output.size],
    parts: shareCalls(share(output.size, 16, workers)),
  };
}

function matmulCalls(
  { kernel, inputs, output }: Dispatch,
  threads: number,
): Call[] {
  if (kernel.kind !== "matmul") throw new TypeError("not a matrix product");
  const { m, n, k, a, b } = kernel;
  const strides = (view: typeof a) => view.strides.map((stride) => stride * 4);
  const operands = [part(inputs[0], a.offset), part(inputs[1], b.offset)];
  const call = (
    target: Buffer | typeof SHARED,
    inner: number,
    batch: readonly number[],
    [aStrides, bStrides]: readonly (readonly number[])[],
    parts: readonly Parts[],
  ): Call => ({
    target: "matmul",
    arguments: [
      ...operands,
      target,
      m,
      n,
      inner,
      batch.at(-1) ?? 1,
      ...fourStrides(aStrides),
      ...fourStrides(bStrides),
    ],
    parts,
  });
  const views = [strides(a), strides(b)];
  const innerParts = innerPartsOf(kernel);
  if (innerParts > 1) {
    // parts of the inner axis as a batch
    const inner = k / innerParts;
    const steps = [views[0][1] * inner, views[1][0] * inner];
    const batch = shareCalls(
      share(innerParts, 1, threads),
      (range) => [...range, 0, m, 0, n],
    );
    return [
      call(SHARED, inner, [innerParts], [
        [steps[0], ...views[0]],
        [steps[1], ...views[1]],
      ], batch),
      sumCall(output, innerParts, threads),
    ];
  }
  const count = sizeOf(kernel.batch);
  const workers = count * m * n * k < SMALL_WORK ? 1 : threads;
  const byBatch = count >= 2 * workers;
  const byRows = m >= 2 * TILE_ROWS * workers || m >= n;
  const parts = byBatch
    ? shareCalls(share(count, 1, workers), (part) => [...part, 0, m, 0, n])
    : byRows
    ? shareCalls(
      share(m, TILE_ROWS, workers),
      (part) => [0, count, ...part, 0, n],
    )
    : shareCalls(
      share(n, TILE_COLUMNS, workers),
      (part) => [0, count, 0, m, ...part],
    );
  return [call(output, k, kernel.batch, views, parts)];
}

/** Strides over two batch loops and a matrix; those of absent loops are 0. */
function fourStrides(strides: readonly number[]): number[] {
  return [...new Array<number>(4 - strides.length).fill(0), ...strides];
}

function convolutionCall(
  { kernel, inputs, output }: Dispatch,
  threads: number,
): Call {
  if (kernel.kind !== "convolution") throw new TypeError("not a convolution");
  const { geometry, pass } = kernel;
  const forward = pass === "forward";
  checkChannels(forward ? geometry.inputs : geometry.outputs, output);
  const channels = forward ? geometry.outputs : geometry.inputs;
  const pixels = output.size / channels;
  const byPixels = pixels >= 2 * TILE_ROWS * threads || pixels >= channels;
  return {
    target: forward ? "convolution" : "inputGradient",
    arguments: [...inputs, output, geometry.n, ...sizesOf(geometry)],
    parts: byPixels
      ? everyThread(threads, (thread) => [thread, threads, 0, channels])
      : shareCalls(
        share(channels, TILE_COLUMNS, threads),
        (part) => [0, 1, ...part],
      ),
  };
}

function weightGradientCalls(
  { kernel, inputs, output }: Dispatch,
  threads: number,
): Call[] {
  if (kernel.kind !== "convolution") throw new TypeError("not a convolution");
  const { geometry } = kernel;
  const parts = partsOf(output.size, pixelsOf(geometry));
  const call = (
    target: Buffer | typeof SHARED,
    calls: readonly Parts[],
  ): Call => ({
    target: "weightGradient",
    arguments: [...inputs, target, geometry.n, ...sizesOf(geometry)],
    parts: calls,
  });
  if (parts === 1) {
    // all pixels, and some of the rows of the result
    const calls = everyThread(threads, (thread) => [0, 1, thread, threads]);
    return [call(output, calls)];
  }
  const calls = share(parts, 1, threads).map((range) =>
    range
      ? Array.from(
        { length: range[1] - range[0] },
        (_, i) => [range[0] + i, parts, 0, 1],
      )
      : []
  );
  return [call(SHARED, calls), sumCall(output, parts, threads)];
}

/** One call for each thread. */
function everyThread(
  threads: number,
  lastArguments: (thread: number) => readonly number[],
): Parts[] {
  return Array.from(
    { length: threads },
    (_, thread) => [lastArguments(thread)],
  );
}

function pixelsOf({ n, outHeight, outWidth }: ImageGeometry): number {
  return n * outHeight * outWidth;
}

/** The buffer from `offset` elements on. */
function part(buffer: Buffer, offset: number): Buffer {
  return offset === 0 ? buffer : { ...buffer, parent: { buffer, offset } };
}

function sizesOf(geometry: ImageGeometry): number[] {
  const { height, width, inputs, outHeight, outWidth, outputs, window } =
    geometry;
  return [
    height,
    width,
    inputs,
    outHeight,
    outWidth,
    outputs,
    window.size,
    window.stride,
    window.padding,
  ];
}

function checkChannels(channels: number, output: Buffer): void {
  if (channels > MAX_CHANNELS) {
    throw new UserError(
      `${output.label}: convolutions have at most ${MAX_CHANNELS} channels, not ${channels}`,
    );
  }
}
