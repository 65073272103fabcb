import type { PoolKernel } from "../../../compile/kernel.ts";
import type { Call, Operands } from "./call.ts";
import { callPerRange, partition } from "./partition.ts";

/** Splits the pixels of the result between threads: those of y, or of dx for the gradient. */
export function poolCalls(
  { geometry, gradient }: PoolKernel,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const { n, height, width, outHeight, outWidth, window } = geometry;
  const pixels = n * (gradient ? height * width : outHeight * outWidth);
  return [{
    target: gradient ? "poolGradient" : "pool",
    arguments: [
      ...inputs,
      output,
      height,
      width,
      geometry.inputs,
      outHeight,
      outWidth,
      window.size,
      window.stride,
      window.padding,
    ],
    parts: callPerRange(partition(pixels, 1, threads)),
  }];
}
