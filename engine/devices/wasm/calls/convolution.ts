import type {
  Buffer,
  ConvolutionKernel,
  ImageGeometry,
} from "../../../compile/kernel.ts";
import { UserError } from "../../../user_error.ts";
import {
  MAX_CHANNELS,
  MAX_TAPS,
  MAX_WINDOW_ELEMENTS,
  TILE_COLUMNS,
  TILE_ROWS,
} from "../kernel_interface.generated.ts";
import { type Call, type Operands, type Parts, SHARED } from "./call.ts";
import { callPerRange, callPerThread, partition } from "./partition.ts";
import { partialBytes, splitCount, sumPartsCall } from "./split_sum.ts";

/**
 * Splits the pixels or the channels of the result between threads; for the gradient of the weight its
 * rows, or parts of the pixels that are summed.
 *
 * @throws {UserError} if the window or its channels are more than the kernels have room for.
 */
export function convolutionCalls(
  { geometry, pass }: ConvolutionKernel,
  operands: Operands,
  threads: number,
): Call[] {
  checkGeometry(geometry, operands.output);
  return pass === "weightGradient"
    ? weightGradientCalls(geometry, operands, threads)
    : [pixelsCall(geometry, pass, operands, threads)];
}

/** Shared memory that the convolution needs, in bytes. */
export function convolutionSharedBytes(
  { geometry, pass }: ConvolutionKernel,
  output: Buffer,
): number {
  return pass === "weightGradient"
    ? partialBytes(output, splitCount(output.size, pixelsOf(geometry)))
    : 0;
}

function checkGeometry(
  { inputs, outputs, window: { size } }: ImageGeometry,
  { label }: Buffer,
): void {
  const channels = Math.max(inputs, outputs);
  if (channels > MAX_CHANNELS) {
    throw new UserError(
      `${label}: convolutions have at most ${MAX_CHANNELS} channels, not ${channels}`,
    );
  }
  const taps = size * size;
  if (taps > MAX_TAPS || taps * channels > MAX_WINDOW_ELEMENTS) {
    throw new UserError(
      `${label}: a window of ${size} x ${size} pixels of ${channels} channels is too large; ` +
        `it may have ${MAX_TAPS} pixels and ${MAX_WINDOW_ELEMENTS} elements`,
    );
  }
}

function pixelsCall(
  geometry: ImageGeometry,
  pass: "forward" | "inputGradient",
  { inputs, output }: Operands,
  threads: number,
): Call {
  const forward = pass === "forward";
  const channels = forward ? geometry.outputs : geometry.inputs;
  const pixels = output.size / channels;
  const byPixels = pixels >= 2 * TILE_ROWS * threads || pixels >= channels;
  return {
    target: forward ? "convolution" : "inputGradient",
    arguments: [...inputs, output, ...sizesOf(geometry)],
    parts: byPixels
      ? callPerThread(threads, (thread) => [thread, threads, 0, channels])
      : callPerRange(
        partition(channels, TILE_COLUMNS, threads),
        (range) => [0, 1, ...range],
      ),
  };
}

function weightGradientCalls(
  geometry: ImageGeometry,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const count = splitCount(output.size, pixelsOf(geometry));
  const call = (
    target: Buffer | typeof SHARED,
    parts: readonly Parts[],
  ): Call => ({
    target: "weightGradient",
    arguments: [...inputs, target, ...sizesOf(geometry)],
    parts,
  });
  if (count === 1) {
    // all pixels, and some of the rows of the result
    const parts = callPerThread(threads, (thread) => [0, 1, thread, threads]);
    return [call(output, parts)];
  }
  const parts = partition(count, 1, threads).map((range = [0, 0]) => {
    const [start, end] = range;
    return Array.from(
      { length: end - start },
      (_, i) => [start + i, count, 0, 1],
    );
  });
  return [call(SHARED, parts), sumPartsCall(output, count, threads)];
}

function pixelsOf({ n, outHeight, outWidth }: ImageGeometry): number {
  return n * outHeight * outWidth;
}

/** The sizes in the order of the kernels' parameters. */
function sizesOf(geometry: ImageGeometry): number[] {
  const { n, height, width, inputs, outHeight, outWidth, outputs, window } =
    geometry;
  return [
    n,
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
