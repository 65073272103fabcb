import type { Buffer } from "../../../compile/kernel.ts";
import { type Call, SHARED } from "./call.ts";
import { callPerRange, MIN_PARALLEL_WORK, partition } from "./partition.ts";

/** Parts of a long inner axis, each summed by itself. */
const MAX_PARTS = 16;
/** Shortest part of an inner axis that is worth a sum of its own. */
const MIN_PART_LENGTH = 512;
/** Floats that the sums of all parts may take. */
const MAX_PARTIAL_FLOATS = 1 << 20;

/**
 * Into how many parts a sum over `length` for each of `results` is split, so that threads need not all
 * go through all of it: a power of two, which threads share evenly. It depends on the sizes alone, and
 * so does the rounding of the result, whatever the number of threads.
 */
export function splitCount(results: number, length: number): number {
  const limit = Math.min(
    MAX_PARTS,
    length / MIN_PART_LENGTH,
    MAX_PARTIAL_FLOATS / results,
  );
  return 2 ** Math.max(0, Math.floor(Math.log2(limit)));
}

/** Adds up the partial sums in shared memory. */
export function sumPartsCall(
  output: Buffer,
  parts: number,
  threads: number,
): Call {
  const workers = output.size * parts < MIN_PARALLEL_WORK ? 1 : threads;
  return {
    target: "sumParts",
    arguments: [SHARED, output, parts, output.size],
    parts: callPerRange(partition(output.size, 16, workers)),
  };
}

/** Shared memory for the partial sums, in bytes. */
export function partialBytes(output: Buffer, parts: number): number {
  return parts > 1 ? parts * output.size * 4 : 0;
}
