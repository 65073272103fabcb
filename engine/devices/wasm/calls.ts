import type { Buffer, Dispatch, ImageGeometry } from "../../kernel.ts";
import { bytesOf } from "../../memory.ts";
import { sizeOf } from "../../tensor.ts";
import { UserError } from "../../user_error.ts";
import { fusedShape } from "./fused.ts";

/** Parameters of each hand-written kernel in `assembly/`. */
export const kernelParameters = {
  barrier: 2,
  matmul: 21,
  convolution: 16,
  inputGradient: 16,
  weightGradient: 15,
  pool: 13,
  poolGradient: 14,
  gather: 7,
  scatterAdd: 7,
  zeroBytes: 3,
  copyBytes: 4,
} as const;

/** Name of a hand-written kernel. */
export type KernelName = keyof typeof kernelParameters;

/** A call that every thread makes, each for its own part of the work. */
export interface Call {
  /** A hand-written kernel, or the fused kernel of the dispatch. */
  readonly target: KernelName | "fused";
  /** First arguments: addresses of buffers, and numbers. */
  readonly arguments: readonly (Buffer | number)[];
  /** Last arguments for each thread; absent for a thread without work. */
  readonly parts: readonly (readonly number[] | undefined)[];
}

/** Work below which waking all threads costs more than it gains, in multiply-adds or so. */
const SMALL_WORK = 16384;
const TILE_ROWS = 6;
const TILE_COLUMNS = 8;
/** Zeros that stand for a pixel outside an image; see `assembly/scratch.ts`. */
const MOST_CHANNELS = 16384;

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

/** The call that carries out a dispatch with so many threads. */
export function callOf(
  { kernel, inputs, output }: Dispatch,
  threads: number,
): Call {
  switch (kernel.kind) {
    case "fused": {
      const { rows, columns } = fusedShape(kernel);
      const workers = sizeOf(kernel.loops) < SMALL_WORK ? 1 : threads;
      const byRows = rows >= 2 * workers || columns < 32 * workers;
      const parts = byRows
        ? share(rows, 1, workers).map((part) => part && [...part, 0, columns])
        : share(columns, 16, workers).map((part) => part && [0, rows, ...part]);
      return { target: "fused", arguments: [output, ...inputs], parts };
    }
    case "matmul": {
      const { batch, m, n, k, a, b } = kernel;
      const strides = (view: typeof a) => {
        const bytes = view.strides.map((stride) => stride * 4);
        return [...new Array<number>(4 - bytes.length).fill(0), ...bytes];
      };
      const count = sizeOf(batch);
      const workers = count * m * n * k < SMALL_WORK ? 1 : threads;
      const byBatch = count >= 2 * workers;
      const byRows = m >= 2 * TILE_ROWS * workers || m >= n;
      const parts = byBatch
        ? share(count, 1, workers).map((part) => part && [...part, 0, m, 0, n])
        : byRows
        ? share(m, TILE_ROWS, workers).map((part) =>
          part && [0, count, ...part, 0, n]
        )
        : share(n, TILE_COLUMNS, workers).map((part) =>
          part && [0, count, 0, m, ...part]
        );
      return {
        target: "matmul",
        arguments: [
          part(inputs[0], a.offset),
          part(inputs[1], b.offset),
          output,
          m,
          n,
          k,
          batch.at(-1) ?? 1,
          ...strides(a),
          ...strides(b),
        ],
        parts,
      };
    }
    case "convolution": {
      const { geometry, pass } = kernel;
      const sizes = sizesOf(geometry);
      if (pass === "weightGradient") {
        const tiles = geometry.window.size ** 2 *
          Math.ceil(geometry.inputs / TILE_ROWS);
        return {
          target: "weightGradient",
          arguments: [...inputs, output, geometry.n, ...sizes],
          parts: share(tiles, 1, threads),
        };
      }
      const forward = pass === "forward";
      checkChannels(forward ? geometry.inputs : geometry.outputs, output);
      const pixels = geometry.n *
        (forward
          ? geometry.outHeight * geometry.outWidth
          : geometry.height * geometry.width);
      const channels = forward ? geometry.outputs : geometry.inputs;
      const byPixels = pixels >= 2 * TILE_ROWS * threads || pixels >= channels;
      const parts = byPixels
        ? share(pixels, TILE_ROWS, threads).map((part) =>
          part && [...part, 0, channels]
        )
        : share(channels, TILE_COLUMNS, threads).map((part) =>
          part && [0, pixels, ...part]
        );
      return {
        target: forward ? "convolution" : "inputGradient",
        arguments: [...inputs, output, ...sizes],
        parts,
      };
    }
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
      const average = kernel.mode === "average" ? 1 : 0;
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
      return {
        target: gradient ? "poolGradient" : "pool",
        arguments: [...inputs, output, average, ...sizes],
        parts: share(pixels, 1, threads),
      };
    }
    case "gather": {
      const { rows, count, width } = kernel;
      return {
        target: "gather",
        arguments: [...inputs, output, rows, width * 4],
        parts: share(count, 1, count * width < SMALL_WORK ? 1 : threads),
      };
    }
    case "scatterAdd": {
      const { rows, count, width } = kernel;
      return {
        target: "scatterAdd",
        arguments: [...inputs, output, count, width],
        parts: share(rows, 1, count * width < SMALL_WORK ? 1 : threads),
      };
    }
    case "zero":
      return {
        target: "zeroBytes",
        arguments: [output],
        parts: share(bytesOf(output), 64, threads),
      };
    case "copy":
      return {
        target: "copyBytes",
        arguments: [...inputs, output],
        parts: share(bytesOf(output), 64, threads),
      };
  }
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
  if (channels > MOST_CHANNELS) {
    throw new UserError(
      `${output.label}: convolutions have at most ${MOST_CHANNELS} channels, not ${channels}`,
    );
  }
}
