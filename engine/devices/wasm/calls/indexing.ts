import type { GatherKernel, ScatterKernel } from "../../../compile/kernel.ts";
import { bytesOf } from "../../../compile/memory.ts";
import type { Call, Operands } from "./call.ts";
import { callPerRange, MIN_PARALLEL_WORK, partition } from "./partition.ts";

/** Splits the indices between threads. */
export function gatherCalls(
  { rows, count, width }: GatherKernel,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const workers = count * width < MIN_PARALLEL_WORK ? 1 : threads;
  return [{
    target: "gather",
    arguments: [...inputs, output, rows, width * 4],
    parts: callPerRange(partition(count, 1, workers)),
  }];
}

/** Splits the rows of the table between threads, each of which goes through all indices. */
export function scatterCalls(
  { rows, count, width }: ScatterKernel,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const workers = count * width < MIN_PARALLEL_WORK ? 1 : threads;
  return [{
    target: "scatterAdd",
    arguments: [...inputs, output, count, width],
    parts: callPerRange(partition(rows, 1, workers)),
  }];
}

/** Splits the bytes of the output between threads. */
export function zeroCalls({ output }: Operands, threads: number): Call[] {
  return [{
    target: "zeroBytes",
    arguments: [output],
    parts: callPerRange(partition(bytesOf(output), 64, threads)),
  }];
}

/** Splits the bytes of the output between threads. */
export function copyCalls(
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  return [{
    target: "copyBytes",
    arguments: [...inputs, output],
    parts: callPerRange(partition(bytesOf(output), 64, threads)),
  }];
}
