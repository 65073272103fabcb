import { assertEquals } from "@std/assert";
import { collapseLoops } from "../../../engine/compile/collapse_loops.ts";
import type { FusedKernel } from "../../../engine/compile/kernel.ts";
import { interpretFused } from "../interpret_kernel.ts";

function sumKernel(
  loops: readonly number[],
  kept: number,
  read: readonly number[],
  write: readonly number[],
): FusedKernel {
  return {
    kind: "fused",
    loops,
    kept,
    reduction: kept < loops.length ? "sum" : undefined,
    body: {
      kind: "load",
      input: 0,
      dtype: "f32",
      view: { offset: 1, strides: read },
    },
    epilogue: { kind: "reduced", dtype: "f32" },
    output: { offset: 0, strides: write },
    dtype: "f32",
  };
}

Deno.test("collapseLoops: joins loops that all views step through as one, and drops those of one iteration", () => {
  const cases: [FusedKernel, number[], number][] = [
    [sumKernel([2, 3, 4], 3, [12, 4, 1], [12, 4, 1]), [24], 1],
    [sumKernel([2, 1, 4], 3, [4, 9, 1], [4, 7, 1]), [8], 1],
    // a transposed read keeps its loops apart
    [sumKernel([3, 4], 2, [1, 3], [4, 1]), [3, 4], 2],
    // kept and reduced loops are never joined
    [sumKernel([3, 4], 1, [4, 1], [1, 0]), [3, 4], 1],
    [sumKernel([3, 2, 2], 1, [4, 2, 1], [1, 0, 0]), [3, 4], 1],
    // repeated rows
    [sumKernel([3, 2, 2], 3, [0, 2, 1], [4, 2, 1]), [3, 4], 2],
    [sumKernel([1, 1], 2, [5, 1], [1, 1]), [], 0],
  ];
  const input = Float64Array.from({ length: 32 }, (_, i) => i * i);
  for (const [kernel, loops, kept] of cases) {
    const collapsed = collapseLoops(kernel);
    assertEquals([collapsed.loops, collapsed.kept], [loops, kept]);
    const [before, after] = [kernel, collapsed].map((each) => {
      const target = new Float64Array(24);
      interpretFused(each, [input], target);
      return [...target];
    });
    assertEquals(after, before);
  }
});
