import {
  type Expression,
  inOrder,
  mapLeaves,
  type ScalarType,
  type View,
  viewsOf,
} from "./expression.ts";
import type { Fusion } from "./fusion.ts";
import {
  flatten,
  identityMap,
  type IndexMap,
  throughMovement,
} from "./index_map.ts";
import type { FusedKernel, MatmulKernel } from "./kernel.ts";
import { rowMajorStrides, type Shape, type Tensor } from "../graph/tensor.ts";

/** A fused kernel with the stored nodes that it reads. */
export interface Lowered<Kernel> {
  readonly kernel: Kernel;
  readonly reads: readonly Tensor[];
}

/**
 * The kernel that computes `node`, an elementwise value or a reduction, into `output` (row-major by
 * default): lazy nodes become part of its expression, stored ones are loaded.
 */
export function lowerFused(
  node: Tensor,
  fusion: Fusion,
  reduction: Tensor | undefined,
  output: View = { offset: 0, strides: rowMajorStrides(node.shape) },
): Lowered<FusedKernel> {
  const reducedAxes = reduction?.operation.kind === "reduce"
    ? reduction.operation.axes
    : [];
  const reducedInput = reduction?.inputs[0];
  const kept = node.shape.length;
  const loops = kept + reducedAxes.length;
  const reads: Tensor[] = [];
  const known = new Map<string, Expression>();
  let reductionMap: IndexMap = [];

  const expressionOf = (value: Tensor, map: IndexMap): Expression => {
    const key = `${value.id} ${JSON.stringify(map)}`;
    let expression = known.get(key);
    if (!expression) {
      expression = build(value, map);
      known.set(key, expression);
    }
    return expression;
  };

  const load = (value: Tensor, map: IndexMap): Expression => {
    if (!reads.includes(value)) reads.push(value);
    const view = flatten(map, value.shape, loops);
    return {
      kind: "load",
      input: reads.indexOf(value),
      dtype: value.dtype,
      view,
    };
  };

  const build = (value: Tensor, map: IndexMap): Expression => {
    const { operation, inputs } = value;
    const dtype = value.dtype as ScalarType;
    if (value === reduction) {
      reductionMap = map;
      return { kind: "reduced", dtype };
    }
    if (value !== node && fusion.isStored(value)) return load(value, map);
    const argument = (i: number) => expressionOf(inputs[i], map);
    switch (operation.kind) {
      case "constant":
        return { kind: "constant", value: operation.value, dtype };
      case "iota":
        return { kind: "iota", view: map[operation.axis], dtype: "i32" };
      case "random": {
        const [seed, step] = [0, 1].map((offset) =>
          load(inputs[0], [{
            offset,
            strides: new Array<number>(loops).fill(0),
          }])
        );
        const counter = flatten(map, value.shape, loops);
        return {
          kind: "random",
          stream: operation.stream,
          counter,
          seed,
          step,
          dtype: "f32",
        };
      }
      case "unary":
        return {
          kind: "unary",
          name: operation.name,
          argument: argument(0),
          dtype,
        };
      case "binary":
        return {
          kind: "binary",
          name: operation.name,
          a: argument(0),
          b: argument(1),
          dtype,
        };
      case "select":
        return {
          kind: "select",
          condition: argument(0),
          a: argument(1),
          b: argument(2),
          dtype,
        };
      case "cast":
        return { kind: "cast", argument: argument(0), dtype };
      default:
        return expressionOf(inputs[0], throughMovement(value, map, loops));
    }
  };

  const epilogue = expressionOf(node, identityMap(kept, loops));
  const dtype = node.dtype as ScalarType;
  const body = reducedInput ? expressionOf(reducedInput, inputMap()) : epilogue;
  const view = {
    ...output,
    strides: [...output.strides, ...reducedAxes.map(() => 0)],
  };

  /** Where the reduction reads its input: kept axes as the epilogue does, reduced ones by their own loops. */
  function inputMap(): IndexMap {
    return reducedInput!.shape.map((_, axis) => {
      const position = reducedAxes.indexOf(axis);
      return position < 0
        ? reductionMap[axis]
        : identityMap(loops, loops)[kept + position];
    });
  }

  const kernel = collapse({
    kind: "fused",
    loops: [
      ...node.shape,
      ...reducedAxes.map((axis) => reducedInput!.shape[axis]),
    ],
    kept,
    reduction: reduction?.operation.kind === "reduce"
      ? reduction.operation.name
      : undefined,
    body,
    epilogue: reduction ? epilogue : { kind: "reduced", dtype },
    output: view,
    dtype,
  });
  return { kernel, reads };
}

/** Drops loops of one iteration and joins neighbours that every view steps through as one. */
function collapse(kernel: FusedKernel): FusedKernel {
  const views = [
    ...viewsOf(kernel.body),
    ...viewsOf(kernel.epilogue),
    kernel.output,
  ];
  const groups: number[][] = [];
  kernel.loops.forEach((size, loop) => {
    if (size === 1) return;
    const previous = groups.at(-1)?.at(-1);
    const joins = previous !== undefined &&
      (previous < kernel.kept) === (loop < kernel.kept) &&
      views.every(({ strides }) => strides[previous] === strides[loop] * size);
    if (joins) groups.at(-1)!.push(loop);
    else groups.push([loop]);
  });
  const change = ({ offset, strides }: View): View => ({
    offset,
    strides: groups.map((group) => strides[group.at(-1)!]),
  });
  return {
    ...kernel,
    loops: groups.map((group) =>
      group.reduce((size, loop) => size * kernel.loops[loop], 1)
    ),
    kept: groups.filter(([loop]) => loop < kernel.kept).length,
    body: mapLeaves(kernel.body, change),
    epilogue: mapLeaves(kernel.epilogue, change),
    output: change(kernel.output),
  };
}

/** Fewer kept results than this leave a machine idle while a long reduction runs. */
const FEW_RESULTS = 2048;
const LONG_REDUCTION = 4096;
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
  const results = sizeOfLoops(loops.slice(0, kept));
  const length = sizeOfLoops(loops.slice(kept));
  if (!kernel.reduction || results > FEW_RESULTS || length < LONG_REDUCTION) {
    return undefined;
  }
  const count = largestDivisor(loops[kept], MAX_PARTS);
  if (count === 1) return undefined;
  const { dtype } = kernel.body as { dtype: ScalarType };
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
  const parts = collapse({
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
  const dtype = (kernel.body as { dtype: ScalarType }).dtype;
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

function sizeOfLoops(loops: readonly number[]): number {
  return loops.reduce((product, size) => product * size, 1);
}

function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(limit, value); divisor > 1; divisor--) {
    if (value % divisor === 0) return divisor;
  }
  return 1;
}

/** A matrix product that reads its operands through movements by strides. */
export function lowerMatmul(
  node: Tensor,
  fusion: Fusion,
): Lowered<MatmulKernel> {
  if (node.operation.kind !== "matmul") {
    throw new TypeError("not a matrix product");
  }
  const { transposeA, transposeB } = node.operation;
  const rank = node.shape.length;
  const operands = node.inputs.map((operand) => {
    let base = operand;
    let map = identityMap(rank);
    while (!fusion.isStored(base)) {
      map = throughMovement(base, map, rank);
      base = base.inputs[0];
    }
    return { base, view: flatten(map, base.shape, rank) };
  });
  const [a, b] = operands.map(({ view }, i) => {
    const [rows, columns] = view.strides.slice(-2);
    const matrix = (i === 0 ? transposeA : transposeB)
      ? [columns, rows]
      : [rows, columns];
    return { ...view, strides: [...view.strides.slice(0, -2), ...matrix] };
  });
  const shape = node.shape.slice(0, -2);
  const groups = batchLoops(shape, a, b);
  const keep = (view: View): View => ({
    ...view,
    strides: [
      ...groups.map((group) => view.strides[group.at(-1)!]),
      ...view.strides.slice(-2),
    ],
  });
  const [m, n] = node.shape.slice(-2);
  const inner = node.inputs[0].shape.at(transposeA ? -2 : -1)!;
  const kernel: MatmulKernel = {
    kind: "matmul",
    batch: groups.map((group) =>
      group.reduce((size, axis) => size * shape[axis], 1)
    ),
    m,
    n,
    k: inner,
    a: keep(a),
    b: keep(b),
  };
  if (kernel.batch.length > 2) {
    throw new RangeError(
      `a matrix product over [${shape}] needs more than two batch loops`,
    );
  }
  return { kernel, reads: operands.map(({ base }) => base) };
}

/** Batch axes joined where both operands step through them as one. */
function batchLoops(shape: Shape, a: View, b: View): number[][] {
  const groups: number[][] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const previous = groups.at(-1)?.at(-1);
    const joins = previous !== undefined &&
      [a, b].every(({ strides }) => strides[previous] === strides[axis] * size);
    if (joins) groups.at(-1)!.push(axis);
    else groups.push([axis]);
  });
  return groups;
}
