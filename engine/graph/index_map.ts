import { rowMajorStrides, type Shape } from "./tensor.ts";

/** A position that is affine in the loop counters of a kernel: `offset + sum(strides[i] * loop[i])`. */
export interface View {
  /** Position where all counters are 0. */
  readonly offset: number;
  /** Step of the position per step of each loop. */
  readonly strides: readonly number[];
}

/** For each axis of a tensor, its position as an affine function of the loops of a kernel. */
export type IndexMap = readonly View[];

/** Each axis of `rank` is a loop of its own; `loops` is how many loops there are in all. */
export function identityMap(rank: number, loops: number = rank): IndexMap {
  return Array.from({ length: rank }, (_, axis) => ({
    offset: 0,
    strides: Array.from({ length: loops }, (_, loop) => loop === axis ? 1 : 0),
  }));
}

/** The position `offset`, whatever the loop counters are. */
export function fixedView(offset: number, loops: number): View {
  return { offset, strides: new Array<number>(loops).fill(0) };
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
function groupAxes(outer: Shape, inner: Shape): AxisGroup[] | undefined {
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

/**
 * The map of an array of shape `inner`, given that of its elements reshaped to `outer`. `undefined`
 * if it needs a division: if an axis of `outer` spans several of `inner`.
 */
export function reshapeMap(
  map: IndexMap,
  outer: Shape,
  inner: Shape,
  loops: number,
): IndexMap | undefined {
  const groups = groupAxes(outer, inner);
  if (!groups) return undefined;
  const result: View[] = inner.map(() => fixedView(0, loops));
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
