import { definitionOf } from "../graph/operations.ts";
import { rowMajorStrides, type Shape, type Tensor } from "../graph/tensor.ts";
import type { Fusion } from "./fusion.ts";

/** Elements to which parts of a buffer are aligned, so that devices can bind them. */
export const PART_ALIGNMENT = 64;

/** Where a result lies in the larger one that it is a part of. */
export interface Place {
  /** The larger one. */
  readonly whole: Tensor;
  /** Where the part begins in it, in elements. */
  readonly offset: number;
}

/** The node whose buffer a stored node shares. */
export function storedBase(node: Tensor): Tensor {
  return sharesBuffer(node) ? storedBase(node.inputs[0]) : node;
}

/** Whether a stored node is its input under another name. */
export function sharesBuffer({ operation }: Tensor): boolean {
  const definition = definitionOf(operation);
  return definition.role === "barrier" ||
    definition.role === "movement" && definition.keepsOrder;
}

/**
 * Results that are computed directly into the concatenation that they are a part of: those that
 * would be one contiguous, aligned run of it.
 */
export function placeParts(
  nodes: readonly Tensor[],
  fusion: Fusion,
): Map<Tensor, Place> {
  const places = new Map<Tensor, Place>();
  for (const whole of nodes) {
    const definition = definitionOf(whole.operation);
    if (definition.role !== "assembly" || definition.hasGaps) continue;
    const bases = whole.inputs.map(storedBase);
    const starts = definition.starts(whole.operation, whole.inputs);
    for (const [i, part] of whole.inputs.entries()) {
      const base = bases[i];
      const offset = flatPosition(starts[i], whole.shape);
      // what occurs twice has to be copied, for a result has one place
      const isPlaceable = fusion.isStored(part) && fusion.isStored(base) &&
        definitionOf(base.operation).role !== "source" &&
        bases.indexOf(base) === bases.lastIndexOf(base) &&
        isContiguous(part.shape, whole.shape);
      if (isPlaceable && offset % PART_ALIGNMENT === 0 && !places.has(base)) {
        places.set(base, { whole, offset });
      }
    }
  }
  return places;
}

/** Row-major number of a position in a tensor of `shape`. */
export function flatPosition(
  position: readonly number[],
  shape: Shape,
): number {
  const strides = rowMajorStrides(shape);
  return position.reduce((sum, index, axis) => sum + index * strides[axis], 0);
}

/** Whether a block of a tensor of shape `whole` is one run of its elements. */
function isContiguous(block: Shape, whole: Shape): boolean {
  const cut = block.findIndex((size, axis) => size !== whole[axis]);
  return whole.slice(0, Math.max(cut, 0)).every((size) => size === 1);
}
