import type { Definitions } from "../graph/definition.ts";
import {
  checkNatural,
  type DType,
  type Shape,
  sizeOf,
  type Storage,
} from "../graph/tensor.ts";

/** Values fed to the program before each step. */
export interface InputOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "input";
  /** Name under which they are fed. */
  readonly name: string;
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
}

/** Data that stays on the device between steps; see `Storage`. */
export interface StateOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "state";
  /** Where the data is. */
  readonly storage: Storage;
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Where the tensor begins in its storage, in elements. */
  readonly offset: number;
  /** Name shown in messages. */
  readonly name: string;
}

/** A number, repeated. */
export interface ConstantOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "constant";
  /** The number. */
  readonly value: number;
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: "f32" | "i32" | "u32";
}

/** Operations without inputs that stand for data. */
export type LeafOperation =
  | InputOperation
  | StateOperation
  | ConstantOperation;

/** Whether a constant of an element type can have a value: integer types take whole numbers in their range. */
export function isRepresentable(
  value: number,
  dtype: ConstantOperation["dtype"],
): boolean {
  if (dtype === "f32") return true;
  return value === (dtype === "i32" ? value | 0 : value >>> 0);
}

/**
 * Definitions of the leaves of graphs, which `engine/graph/tensor.ts` makes.
 *
 * @internal
 */
export const leaves:
  & Definitions<InputOperation | StateOperation, "source">
  & Definitions<ConstantOperation, "generator"> = {
    input: {
      role: "source",
      infer: ({ shape, dtype }) => ({ shape, dtype }),
      gradient: () => "none",
    },
    state: {
      role: "source",
      infer({ storage, shape, offset }) {
        checkNatural(offset, `storage ${storage.name}: the offset`);
        if (offset + sizeOf(shape) > storage.size) {
          throw new RangeError(
            `[${shape}] at ${offset} is outside storage ${storage.name} of ${storage.size} elements`,
          );
        }
        return { shape, dtype: storage.dtype };
      },
      gradient: () => "none",
    },
    constant: {
      role: "generator",
      cost: 0,
      infer({ value, shape, dtype }) {
        if (!isRepresentable(value, dtype)) {
          throw new RangeError(
            `${value} cannot be a constant of ${dtype}; cast the operands to f32`,
          );
        }
        return { shape, dtype };
      },
      expression: ({ value, dtype }) => ({ kind: "constant", value, dtype }),
      gradient: () => "none",
    },
  };
