import { flatten, identityMap, type View } from "../graph/index_map.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import type { MatmulOperation } from "../ops/matmul.ts";
import type { Fusion } from "./fusion.ts";
import type { Lowered, MatmulKernel } from "./kernel.ts";
import { inputMap } from "./lower_fused.ts";

/**
 * A matrix product that reads its operands through lazy movements by strides.
 *
 * @throws {RangeError} if they step through the batch in more than two loops.
 */
export function lowerMatmul(
  node: Tensor,
  { transposeA, transposeB }: MatmulOperation,
  fusion: Fusion,
): Lowered<MatmulKernel> {
  const [a, b] = node.inputs.map((operand) => stridedOperand(operand, fusion));
  const views = [
    transposeA ? transposed(a.view) : a.view,
    transposeB ? transposed(b.view) : b.view,
  ];
  const shape = node.shape.slice(0, -2);
  const groups = joinBatchAxes(shape, views);
  if (groups.length > 2) {
    throw new RangeError(
      `a matrix product over [${shape}] needs more than two batch loops`,
    );
  }
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
      k: node.inputs[0].shape.at(transposeA ? -2 : -1)!,
      a: aView,
      b: bView,
    },
    reads: [a.base, b.base],
  };
}

/** The stored node that an operand is read from, and where each of its elements is there. */
function stridedOperand(
  operand: Tensor,
  fusion: Fusion,
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
