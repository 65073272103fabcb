import type { Buffer, Dispatch } from "../../../compile/kernel.ts";
import type { parameterCounts } from "../kernel_interface.generated.ts";

/** Name of a hand-written kernel that a dispatch can call. */
export type KernelName = Exclude<
  keyof typeof parameterCounts,
  "barrier" | "setScratch" | "touchPages"
>;

/** Stands for memory that all threads share while the calls of one dispatch run. */
export const SHARED = "shared";

/** What a call gets first: the address of a buffer or of shared memory, or a number. */
export type Argument = Buffer | typeof SHARED | number;

/** A call that all threads make, each for its own part of the work. */
export interface Call {
  /** A hand-written kernel, or the fused kernel of the dispatch. */
  readonly target: KernelName | "fused";
  /** First arguments, the same for all threads. */
  readonly arguments: readonly Argument[];
  /** Last arguments, by thread; a thread without any makes no call. */
  readonly parts: readonly Parts[];
}

/** Last arguments of one thread, once for each time that it makes the call. */
export type Parts = readonly (readonly number[])[];

/** What a dispatch reads and writes. */
export type Operands = Pick<Dispatch, "inputs" | "output">;
