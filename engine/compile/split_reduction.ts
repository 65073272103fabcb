import { rowMajorStrides, sizeOf } from "../graph/tensor.ts";
import { collapseLoops } from "./collapse_loops.ts";
import { inOrder, mapLeaves, scalarType, type View } from "./expression.ts";
import type { FusedKernel } from "./kernel.ts";

/** More results than this keep all threads busy without a split. */
const MAX_SPLIT_RESULTS = 2048;
/** Shortest reduction that is worth a second kernel. */
const MIN_SPLIT_LENGTH = 4096;
const MAX_PARTS = 64;

/** A long reduction as two kernels. */
export interface SplitReduction {
  /** Reduces each part. */
  readonly parts: FusedKernel;
  /** Number of values that `parts` gives. */
  readonly size: number;
  /** Reduces the results of the parts, which are its input 0; the inputs of the whole follow. */
  readonly rest: FusedKernel;
}

/**
 * A long reduction to few results as two kernels. The number of parts depends on the sizes alone,
 * so a result does not depend on the number of threads. `undefined` if one kernel is better.
 */
export function splitReduction(
  kernel: FusedKernel,
): SplitReduction | undefined {
  const { loops, kept } = kernel;
  const results = sizeOf(loops.slice(0, kept));
  const length = sizeOf(loops.slice(kept));
  if (
    !kernel.reduction || results > MAX_SPLIT_RESULTS ||
    length < MIN_SPLIT_LENGTH
  ) {
    return undefined;
  }
  const count = largestDivisor(loops[kept], MAX_PARTS);
  if (count === 1) return undefined;
  const dtype = scalarType(kernel.body.dtype);
  // loops: kept..., reduced... -> part, kept..., rest of the first reduced loop, other reduced...
  const change = ({ offset, strides }: View): View => ({
    offset,
    strides: [strides[kept] * (loops[kept] / count), ...strides],
  });
  const partLoops = [
    count,
    ...loops.slice(0, kept),
    loops[kept] / count,
    ...loops.slice(kept + 1),
  ];
  const reducedZeros = loops.slice(kept).map(() => 0);
  const partStrides = rowMajorStrides([count, ...loops.slice(0, kept)]);
  const parts = collapseLoops({
    kind: "fused",
    loops: partLoops,
    kept: kept + 1,
    reduction: kernel.reduction,
    body: mapLeaves(kernel.body, change),
    epilogue: { kind: "reduced", dtype },
    output: { offset: 0, strides: [...partStrides, ...reducedZeros] },
    dtype,
  });
  return {
    parts,
    rest: sumOfParts(kernel, count, results),
    size: count * results,
  };
}

function sumOfParts(
  kernel: FusedKernel,
  count: number,
  results: number,
): FusedKernel {
  const { loops, kept } = kernel;
  const change = ({ offset, strides }: View): View => ({
    offset,
    strides: [...strides.slice(0, kept), 0],
  });
  const dtype = scalarType(kernel.body.dtype);
  return {
    ...kernel,
    loops: [...loops.slice(0, kept), count],
    kept,
    body: {
      kind: "load",
      input: 0,
      dtype,
      view: {
        offset: 0,
        strides: [...rowMajorStrides(loops.slice(0, kept)), results],
      },
    },
    epilogue: mapLeaves(kernel.epilogue, change, (input) => input + 1),
    output: change(kernel.output),
  };
}

/** The kernel without the inputs that it does not load. */
export function withoutUnusedReads<Read>(
  kernel: FusedKernel,
  reads: readonly Read[],
): { readonly kernel: FusedKernel; readonly reads: readonly Read[] } {
  const used = [...inOrder(kernel.body), ...inOrder(kernel.epilogue)]
    .flatMap((expression) =>
      expression.kind === "load" ? [reads[expression.input]] : []
    );
  const unique = [...new Set(used)];
  const renumber = (input: number) => unique.indexOf(reads[input]);
  const same = (view: View) => view;
  return {
    kernel: {
      ...kernel,
      body: mapLeaves(kernel.body, same, renumber),
      epilogue: mapLeaves(kernel.epilogue, same, renumber),
    },
    reads: unique,
  };
}

function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(limit, value); divisor > 1; divisor--) {
    if (value % divisor === 0) return divisor;
  }
  return 1;
}
