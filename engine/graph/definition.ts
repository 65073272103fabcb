import type { Expression, ScalarType } from "../compile/expression.ts";
import type { IndexMap, View } from "./index_map.ts";
import { type DType, type Shape, Tensor } from "./tensor.ts";
import type { Operation } from "./operations.ts";

/** Shape and element type of a tensor. */
export interface TensorType {
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Type of the elements. */
  readonly dtype: DType;
}

/**
 * Gradients with respect to the inputs, one for each of them, `undefined` where none flows. `"none"`:
 * gradients end here on purpose. `"unsupported"`: there is a gradient, but the engine lacks it.
 */
export type InputGradients =
  | readonly (Tensor | undefined)[]
  | "none"
  | "unsupported";

/** What is known where a generated element is computed. */
export interface ElementSite {
  /** Position of the element along each axis. */
  readonly axes: IndexMap;
  /** Its position in row-major order. */
  readonly position: View;
  /** The element `index` of an input of the operation. */
  load(input: number, index: number): Expression;
}

/**
 * How the compiler treats an operation, and what it needs to know for that:
 *
 * - `source`: is in memory before the program runs.
 * - `generator`: made inside kernels from the position of the element.
 * - `elementwise`: made inside kernels from the same element of each input.
 * - `movement`: its input, read at other positions.
 * - `reduction`: combines the elements along axes; at most one in a fused kernel.
 * - `assembly`: a new tensor into which each input is written as a block.
 * - `kernel`: a hand-written kernel of each device.
 * - `barrier`: its input, stored.
 * - `identity`: its input; only differentiation looks at it.
 */
export interface RoleAttributes<Op> {
  /** Nothing more. */
  readonly source: unknown;
  /** For the role `generator`. */
  readonly generator: {
    /** Cost of one element, where an addition costs 1. */
    readonly cost: number;
    /** The value of an element. */
    expression(operation: Op, site: ElementSite): Expression;
  };
  /** For the role `elementwise`. */
  readonly elementwise: {
    /** Cost of one element, where an addition costs 1. */
    cost(operation: Op): number;
    /** The value of an element, given those of the inputs. */
    expression(
      operation: Op,
      inputs: readonly Expression[],
      dtype: ScalarType,
    ): Expression;
    /** A simpler node of the same values, if there is one. */
    simplify?(node: Tensor, operation: Op): Tensor | undefined;
  };
  /** For the role `movement`. */
  readonly movement: {
    /** Whether the elements and their row-major order stay, so that the buffer of the input serves. */
    readonly keepsOrder: boolean;
    /** Whether elements of the input are read more than once. */
    readonly repeats: boolean;
    /**
     * Where the input is read, given where the result is; `undefined` if that is not affine in the
     * `loops` loop counters.
     */
    inputMap(
      node: Tensor,
      operation: Op,
      map: IndexMap,
      loops: number,
    ): IndexMap | undefined;
  };
  /** Nothing more. */
  readonly reduction: unknown;
  /** For the role `assembly`. */
  readonly assembly: {
    /** Whether the blocks leave gaps, which are 0. */
    readonly hasGaps: boolean;
    /** Where the block of each input begins, along each axis. */
    starts(operation: Op, inputs: readonly Tensor[]): readonly Shape[];
  };
  /** For the role `kernel`. */
  readonly kernel: {
    /** `strided`: operands may be read through movements; `stored`: they are whole row-major buffers. */
    readonly operands: "stored" | "strided";
  };
  /** Nothing more. */
  readonly barrier: unknown;
  /** Nothing more. */
  readonly identity: unknown;
}

/** How the compiler treats an operation. */
export type Role = keyof RoleAttributes<Operation>;

/** What every definition says. */
export interface CommonDefinition<Op> {
  /**
   * Checks the inputs, and gives the type of the result.
   *
   * @throws {RangeError | TypeError} if the operation cannot take these inputs.
   */
  infer(operation: Op, inputs: readonly Tensor[]): TensorType;
  /** The gradients of a node with respect to its inputs, given that of its result. */
  gradient(gradient: Tensor, node: Tensor, operation: Op): InputGradients;
}

/** All that the engine knows about an operation besides the kernels of the devices. */
export type Definition<Op, Roles extends Role = Role> = {
  readonly [Each in Roles]:
    & CommonDefinition<Op>
    & { readonly role: Each }
    & RoleAttributes<Op>[Each];
}[Roles];

/** A definition for each kind of operation in a union. */
export type Definitions<
  Op extends { readonly kind: string },
  Roles extends Role = Role,
> = {
  readonly [Kind in Op["kind"]]: Definition<
    Extract<Op, { readonly kind: Kind }>,
    Roles
  >;
};

/**
 * The node that an operation makes of its inputs.
 *
 * @throws {RangeError | TypeError} if it cannot take them.
 */
export function apply<Op extends Operation>(
  definition: Definition<Op>,
  operation: Op,
  inputs: readonly Tensor[],
): Tensor {
  const { shape, dtype } = definition.infer(operation, inputs);
  return new Tensor(operation, inputs, shape, dtype);
}
