import { flatten, identityMap, type View } from "../graph/index_map.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import type { MatmulOperation } from "../ops/matmul.ts";
import type { Fusion } from "./fusion.ts";
import type { Lowered, MatmulKernel } from "./kernel.ts";
import { inputMap } from "./lower_fused.ts";

/** Loops that a kernel has over the batch at most. */
const MAX_BATCH_LOOPS = 2;

/** A matrix product that reads its operands through lazy movements by strides. */
export function lowerMatmul(
  node: Tensor,
  operation: MatmulOperation,
  fusion: Fusion,
): Lowered<MatmulKernel> {
  const { operands: [a, b], views, groups } = loopsOf(node, operation, fusion);
  const shape = node.shape.slice(0, -2);
  const [aView, bView] = views.map(({ offset, strides }) => ({
    offset,
    strides: [
      ...groups.map((group) => strides[group.at(-1)!]),
      ...strides.slice(-2),
    ],
  }));
  const [m, n] = node.shape.slice(-2);
  return {
    kernel: {
      kind: "matmul",
      batch: groups.map((group) =>
        group.reduce((size, axis) => size * shape[axis], 1)
      ),
      m,
      n,
      k: node.inputs[0].shape.at(operation.transposeA ? -2 : -1)!,
      a: aView,
      b: bView,
    },
    reads: [a.base, b.base],
  };
}

/** Whether a node is a product whose operands cannot be read by strides in the loops of a kernel, and have to be stored. */
export function needsStoredOperands(
  node: Tensor,
  fusion: Pick<Fusion, "isStored">,
): boolean {
  const { operation } = node;
  return operation.kind === "matmul" &&
    loopsOf(node, operation, fusion).groups.length > MAX_BATCH_LOOPS;
}

/** How a product reads its operands, and the batch axes of each loop. */
function loopsOf(
  { inputs, shape }: Tensor,
  { transposeA, transposeB }: MatmulOperation,
  fusion: Pick<Fusion, "isStored">,
) {
  const operands = inputs.map((operand) => stridedOperand(operand, fusion));
  const [a, b] = operands;
  const views = [
    transposeA ? transposed(a.view) : a.view,
    transposeB ? transposed(b.view) : b.view,
  ];
  return { operands, views, groups: joinBatchAxes(shape.slice(0, -2), views) };
}

/** The stored node that an operand is read from, and where each of its elements is there. */
function stridedOperand(
  operand: Tensor,
  fusion: Pick<Fusion, "isStored">,
): { readonly base: Tensor; readonly view: View } {
  const rank = operand.shape.length;
  let base = operand;
  let map = identityMap(rank);
  while (!fusion.isStored(base)) {
    map = inputMap(base, map, rank);
    base = base.inputs[0];
  }
  return { base, view: flatten(map, base.shape, rank) };
}

/** The view with the strides of the last two axes exchanged. */
function transposed({ offset, strides }: View): View {
  const [rows, columns] = strides.slice(-2);
  return { offset, strides: [...strides.slice(0, -2), columns, rows] };
}

/** Runs of batch axes that all views step through as one loop; axes of size 1 need none. */
function joinBatchAxes(
  shape: Shape,
  views: readonly View[],
): number[][] {
  const groups: number[][] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const previous = groups.at(-1)?.at(-1);
    const joins = previous !== undefined &&
      views.every(({ strides }) => strides[previous] === strides[axis] * size);
    if (joins) groups.at(-1)!.push(axis);
    else groups.push([axis]);
  });
  return groups;
}
