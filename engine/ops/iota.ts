import { apply, type Definitions } from "../graph/definition.ts";
import type { Shape, Tensor } from "../graph/tensor.ts";
import { cast } from "./elementwise.ts";
import { normalizeAxes } from "./movement.ts";

/** The position of each element along an axis, as i32. */
export interface IotaOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "iota";
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Axis along which positions are counted. */
  readonly axis: number;
}

/**
 * Definition of the operation that counts positions.
 *
 * @internal
 */
export const positions: Definitions<IotaOperation, "generator"> = {
  iota: {
    role: "generator",
    cost: 1,
    infer: ({ shape }) => ({ shape, dtype: "i32" }),
    expression: ({ axis }, { axes }) => ({
      kind: "iota",
      view: axes[axis],
      dtype: "i32",
    }),
    gradient: () => "none",
  },
};

/**
 * Position of each element along `axis`, as whole numbers.
 *
 * @throws {RangeError} if there is no such axis.
 */
export function iota(
  shape: Shape,
  axis: number,
  dtype: "f32" | "i32" = "i32",
): Tensor {
  const [normal] = normalizeAxes([axis], shape.length);
  const counted = apply(
    positions.iota,
    { kind: "iota", shape, axis: normal },
    [],
  );
  return cast(counted, dtype);
}
