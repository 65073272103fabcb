import type { View } from "./expression.ts";
import { rowMajorStrides, type Shape, type Tensor } from "../graph/tensor.ts";

/** For each axis of a tensor, its position as an affine function of the loops of a kernel. */
export type IndexMap = readonly View[];

/** Each axis of `shape` is a loop of its own; `loops` is how many loops there are in all. */
export function identityMap(rank: number, loops = rank): IndexMap {
  return Array.from({ length: rank }, (_, axis) => ({
    offset: 0,
    strides: Array.from({ length: loops }, (_, loop) => loop === axis ? 1 : 0),
  }));
}

/** `sum(factors[i] * map[i])`. */
function combine(
  map: IndexMap,
  factors: readonly number[],
  loops: number,
): View {
  const strides = new Array<number>(loops).fill(0);
  let offset = 0;
  map.forEach((axis, i) => {
    offset += axis.offset * factors[i];
    axis.strides.forEach((stride, loop) =>
      strides[loop] += stride * factors[i]
    );
  });
  return { offset, strides };
}

/** Position in a row-major array of `shape`. */
export function flatten(map: IndexMap, shape: Shape, loops: number): View {
  return combine(map, rowMajorStrides(shape), loops);
}

/** Runs of axes of two shapes that span the same elements. */
interface AxisGroup {
  readonly outer: readonly number[];
  readonly inner: readonly number[];
}

/**
 * Pairs runs of axes of two shapes of one size, so that each run of `outer` spans the same elements
 * as its run of `inner`. `undefined` if an axis of `outer` would have to be split to index `inner`.
 */
export function groupAxes(outer: Shape, inner: Shape): AxisGroup[] | undefined {
  const groups: AxisGroup[] = [];
  let i = 0;
  let j = 0;
  while (i < outer.length || j < inner.length) {
    const group = { outer: [] as number[], inner: [] as number[] };
    let outerSize = 1;
    let innerSize = 1;
    do {
      if (i < outer.length && (outerSize <= innerSize || j >= inner.length)) {
        outerSize *= outer[i];
        group.outer.push(i++);
      } else {
        innerSize *= inner[j];
        group.inner.push(j++);
      }
    } while (outerSize !== innerSize);
    if (group.inner.filter((axis) => inner[axis] !== 1).length > 1) {
      return undefined;
    }
    groups.push(group);
  }
  return groups;
}

/** Where a movement reads its input: the map of the input, given that of the node. */
export function throughMovement(
  node: Tensor,
  map: IndexMap,
  loops: number,
): IndexMap {
  const { operation, shape, inputs: [x] } = node;
  switch (operation.kind) {
    case "permute":
      return x.shape.map((_, axis) => map[operation.axes.indexOf(axis)]);
    case "slice":
      return map.map((axis, i) => ({
        ...axis,
        offset: axis.offset + operation.starts[i],
      }));
    case "expand":
      return map.map((axis, i) =>
        x.shape[i] === shape[i] ? axis : combine([], [], loops)
      );
    case "reshape":
      return throughReshape(map, shape, x.shape, loops);
    default:
      throw new TypeError(`${operation.kind} moves no elements`);
  }
}

function throughReshape(
  map: IndexMap,
  outer: Shape,
  inner: Shape,
  loops: number,
): IndexMap {
  const groups = groupAxes(outer, inner);
  if (!groups) {
    throw new RangeError(`[${outer}] cannot index [${inner}] without division`);
  }
  const result: View[] = inner.map(() => combine([], [], loops));
  for (const group of groups) {
    const target = group.inner.find((axis) => inner[axis] !== 1);
    if (target === undefined) continue;
    const sizes = group.outer.map((axis) => outer[axis]);
    result[target] = combine(
      group.outer.map((axis) => map[axis]),
      rowMajorStrides(sizes),
      loops,
    );
  }
  return result;
}
