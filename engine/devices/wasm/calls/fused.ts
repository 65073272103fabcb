import type { FusedKernel } from "../../../compile/kernel.ts";
import { sizeOf } from "../../../graph/tensor.ts";
import { fusedShape } from "../fused.ts";
import type { Call, Operands } from "./call.ts";
import { callPerRange, MIN_PARALLEL_WORK, partition } from "./partition.ts";

/** Splits the rows of a fused kernel between threads or, where they are few, its columns. */
export function fusedCalls(
  kernel: FusedKernel,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const { rows, columns } = fusedShape(kernel);
  const workers = sizeOf(kernel.loops) < MIN_PARALLEL_WORK ? 1 : threads;
  const byRows = rows >= 2 * workers || columns < 32 * workers;
  const parts = byRows
    ? callPerRange(
      partition(rows, 1, workers),
      (range) => [...range, 0, columns],
    )
    : callPerRange(
      partition(columns, 16, workers),
      (range) => [0, rows, ...range],
    );
  return [{ target: "fused", arguments: [output, ...inputs], parts }];
}
