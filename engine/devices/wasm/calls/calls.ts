import type { Dispatch } from "../../../compile/kernel.ts";
import type { Call } from "./call.ts";
import { convolutionCalls, convolutionSharedBytes } from "./convolution.ts";
import { fusedCalls } from "./fused.ts";
import { copyCalls, gatherCalls, scatterCalls, zeroCalls } from "./indexing.ts";
import { matmulCalls, matmulSharedBytes } from "./matmul.ts";
import { poolCalls } from "./pooling.ts";

/**
 * The calls that carry out a dispatch on `threads` threads, one after the other.
 *
 * @throws {UserError} if the kernels have no room for its sizes.
 */
export function callsOf(dispatch: Dispatch, threads: number): Call[] {
  const { kernel } = dispatch;
  switch (kernel.kind) {
    case "fused":
      return fusedCalls(kernel, dispatch, threads);
    case "matmul":
      return matmulCalls(kernel, dispatch, threads);
    case "convolution":
      return convolutionCalls(kernel, dispatch, threads);
    case "pool":
      return poolCalls(kernel, dispatch, threads);
    case "gather":
      return gatherCalls(kernel, dispatch, threads);
    case "scatterAdd":
      return scatterCalls(kernel, dispatch, threads);
    case "zero":
      return zeroCalls(dispatch, threads);
    case "copy":
      return copyCalls(dispatch, threads);
    case "collective":
    case "wait":
      return [];
  }
}

/** Bytes of memory that the calls of a dispatch share. */
export function sharedBytesOf({ kernel, output }: Dispatch): number {
  switch (kernel.kind) {
    case "matmul":
      return matmulSharedBytes(kernel, output);
    case "convolution":
      return convolutionSharedBytes(kernel, output);
    case "fused":
    case "pool":
    case "gather":
    case "scatterAdd":
    case "zero":
    case "copy":
    case "collective":
    case "wait":
      return 0;
  }
}
