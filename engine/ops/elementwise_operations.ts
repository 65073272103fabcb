import type { Definitions, InputGradients } from "../graph/definition.ts";
import {
  constant,
  type DType,
  sameShape,
  type Shape,
  type Tensor,
} from "../graph/tensor.ts";
import {
  divide,
  exp,
  less,
  multiply,
  negate,
  select,
  square,
  subtract,
} from "./elementwise.ts";
import { isRepresentable } from "./leaves.ts";

/** Element types that kernels compute with. */
export type Computed = Exclude<DType, "u8">;

const FLOAT = ["f32"] as const;
const SIGNED = ["f32", "i32"] as const;
const COMPUTED = ["f32", "i32", "u32"] as const;

/** Costs of one element; an addition costs 1. */
const DIVISION_COST = 4;
const SQUARE_ROOT_COST = 4;
const TRANSCENDENTAL_COST = 12;

interface UnaryFunction {
  readonly cost: number;
  /** Element types that it takes; the result has the same. */
  readonly dtypes: readonly DType[];
  /** The incoming gradient times the derivative at `x`, where `y` is the value. */
  derivative(gradient: Tensor, x: Tensor, y: Tensor): Tensor | "none";
  /** The value for a constant, where it is worth computing beforehand. */
  fold?(x: number): number;
}

/** Name of an elementwise function of one argument. */
export type UnaryName =
  | "negate"
  | "exp"
  | "log"
  | "sqrt"
  | "tanh"
  | "erf"
  | "abs"
  | "floor"
  | "isFinite";

/** Elementwise functions of one argument. */
const unaryTable = {
  negate: {
    cost: 1,
    dtypes: SIGNED,
    derivative: (gradient) => negate(gradient),
    fold: (x) => -x,
  },
  exp: {
    cost: TRANSCENDENTAL_COST,
    dtypes: FLOAT,
    derivative: (gradient, _x, y) => multiply(gradient, y),
  },
  log: {
    cost: TRANSCENDENTAL_COST,
    dtypes: FLOAT,
    derivative: (gradient, x) => divide(gradient, x),
  },
  sqrt: {
    cost: SQUARE_ROOT_COST,
    dtypes: FLOAT,
    derivative: (gradient, _x, y) => divide(multiply(gradient, 0.5), y),
  },
  tanh: {
    cost: TRANSCENDENTAL_COST,
    dtypes: FLOAT,
    derivative: (gradient, _x, y) => multiply(gradient, subtract(1, square(y))),
  },
  erf: {
    cost: TRANSCENDENTAL_COST,
    dtypes: FLOAT,
    derivative: (gradient, x) =>
      multiply(
        gradient,
        multiply(exp(negate(square(x))), 2 / Math.sqrt(Math.PI)),
      ),
  },
  abs: {
    cost: 1,
    dtypes: SIGNED,
    derivative: (gradient, x) => select(less(x, 0), negate(gradient), gradient),
  },
  floor: { cost: 1, dtypes: FLOAT, derivative: () => "none" },
  isFinite: { cost: 1, dtypes: FLOAT, derivative: () => "none" },
} satisfies Record<UnaryName, UnaryFunction>;
const unaryFunctions: Readonly<Record<UnaryName, UnaryFunction>> = unaryTable;

interface BinaryFunction {
  readonly cost: number;
  /** Element types that it takes; the result has the same. */
  readonly dtypes: readonly DType[];
  /** The incoming gradient times the derivatives at `a` and `b`, where `y` is the value. */
  derivative(
    gradient: Tensor,
    a: Tensor,
    b: Tensor,
    y: Tensor,
  ): readonly [Tensor, Tensor] | "none";
  /** The value for two constants, where it is worth computing beforehand. */
  fold?(a: number, b: number): number;
  /** The constant `a` for which the result is `b`. */
  readonly leftIdentity?: number;
  /** The constant `b` for which the result is `a`. */
  readonly rightIdentity?: number;
}

/** Name of an elementwise function of two arguments. */
export type BinaryName =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "maximum"
  | "minimum"
  | "less"
  | "equal";

/** Elementwise functions of two arguments of one shape and type; comparisons give 1 or 0. */
const binaryTable = {
  add: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (gradient) => [gradient, gradient],
    fold: (a, b) => a + b,
    leftIdentity: 0,
    rightIdentity: 0,
  },
  subtract: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (gradient) => [gradient, negate(gradient)],
    rightIdentity: 0,
  },
  multiply: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (
      gradient,
      a,
      b,
    ) => [multiply(gradient, b), multiply(gradient, a)],
    fold: (a, b) => a * b,
    leftIdentity: 1,
    rightIdentity: 1,
  },
  divide: {
    cost: DIVISION_COST,
    dtypes: FLOAT,
    derivative: (gradient, _a, b, y) => {
      const quotient = divide(gradient, b);
      return [quotient, negate(multiply(quotient, y))];
    },
    rightIdentity: 1,
  },
  // compared with the result, which is stored more often than the argument
  maximum: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (gradient, a, b, y) =>
      splitGradient(gradient, less(b, rivalOf(b, a, y))),
  },
  minimum: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (gradient, a, b, y) =>
      splitGradient(gradient, less(rivalOf(b, a, y), b)),
  },
  less: { cost: 1, dtypes: COMPUTED, derivative: () => "none" },
  equal: { cost: 1, dtypes: COMPUTED, derivative: () => "none" },
} satisfies Record<BinaryName, BinaryFunction>;
const binaryFunctions: Readonly<Record<BinaryName, BinaryFunction>> =
  binaryTable;

type NamesOf<
  Type extends DType,
  Table extends Readonly<Record<string, { readonly dtypes: readonly DType[] }>>,
> = {
  [Name in keyof Table]: Type extends Table[Name]["dtypes"][number] ? Name
    : never;
}[keyof Table];

/** The functions of one argument that take an element type. */
export type UnaryNameOf<Type extends DType> = NamesOf<Type, typeof unaryTable>;

/** The functions of two arguments that take an element type. */
export type BinaryNameOf<Type extends DType> = NamesOf<
  Type,
  typeof binaryTable
>;

/** The gradient where `condition` holds, and where it does not. */
function splitGradient(
  gradient: Tensor,
  condition: Tensor,
): readonly [Tensor, Tensor] {
  return [select(condition, gradient, 0), select(condition, 0, gradient)];
}

/**
 * What `b` is compared with to see whether it is the maximum (minimum) `y` of `a` and `b`. Where the
 * kernel of the gradient computes `b` again, a GPU may round it otherwise than in `y`, and only `a`
 * will do; a constant can be compared with `y`, which is at hand anyway.
 */
function rivalOf(b: Tensor, a: Tensor, y: Tensor): Tensor {
  return constantOf(b) === undefined ? a : y;
}

/** An elementwise function of one argument. */
export interface UnaryOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "unary";
  /** Which function. */
  readonly name: UnaryName;
}

/** An elementwise function of two arguments of one shape and type. */
export interface BinaryOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "binary";
  /** Which function. */
  readonly name: BinaryName;
}

/** The second input where the first one is not 0, else the third. */
export interface SelectOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "select";
}

/** The same values with another element type. */
export interface CastOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "cast";
  /** Type of the result. */
  readonly dtype: "f32" | "i32" | "u32";
}

/** Operations on one element at a time. */
export type ElementwiseOperation =
  | UnaryOperation
  | BinaryOperation
  | SelectOperation
  | CastOperation;

function checkDtype(
  name: string,
  dtype: DType,
  allowed: readonly DType[],
): void {
  if (!allowed.includes(dtype)) {
    throw new TypeError(
      `${name} needs ${allowed.join(" or ")}, not ${dtype}; cast it`,
    );
  }
}

function checkSameType(name: string, [first, ...others]: readonly Tensor[]) {
  for (const { shape, dtype } of others) {
    if (dtype !== first.dtype || !sameShape(shape, first.shape)) {
      throw new RangeError(
        `${name} needs operands of one shape and type, not ${first.dtype} [${first.shape}] and ${dtype} [${shape}]`,
      );
    }
  }
}

function constantOf({ operation }: Tensor): number | undefined {
  return operation.kind === "constant" ? operation.value : undefined;
}

/**
 * Definitions of the operations on one element at a time.
 *
 * @internal
 */
export const elementwise: Definitions<ElementwiseOperation, "elementwise"> = {
  unary: {
    role: "elementwise",
    cost: ({ name }) => unaryFunctions[name].cost,
    infer({ name }, [{ shape, dtype }]) {
      checkDtype(name, dtype, unaryFunctions[name].dtypes);
      return { shape, dtype };
    },
    expression: ({ name }, [argument], dtype) => ({
      kind: "unary",
      name,
      argument,
      dtype,
    }),
    simplify({ inputs: [x], shape }, { name }) {
      const value = constantOf(x);
      const { fold } = unaryFunctions[name];
      return value === undefined || !fold
        ? undefined
        : filled(fold(value), shape, x);
    },
    gradient(gradient, node, { name }) {
      const slope = unaryFunctions[name].derivative(
        gradient,
        node.inputs[0],
        node,
      );
      return slope === "none" ? slope : [slope];
    },
  },
  binary: {
    role: "elementwise",
    cost: ({ name }) => binaryFunctions[name].cost,
    infer({ name }, inputs) {
      const [{ shape, dtype }] = inputs;
      checkDtype(name, dtype, binaryFunctions[name].dtypes);
      checkSameType(name, inputs);
      return { shape, dtype };
    },
    expression: ({ name }, [a, b], dtype) => ({
      kind: "binary",
      name,
      a,
      b,
      dtype,
    }),
    simplify({ inputs: [x, y], shape }, { name }) {
      const { fold, leftIdentity, rightIdentity } = binaryFunctions[name];
      const [a, b] = [constantOf(x), constantOf(y)];
      if (fold && a !== undefined && b !== undefined) {
        return filled(fold(a, b), shape, x);
      }
      if (a !== undefined && a === leftIdentity) return y;
      if (b !== undefined && b === rightIdentity) return x;
      return undefined;
    },
    gradient: (gradient, node, { name }): InputGradients =>
      binaryFunctions[name].derivative(
        gradient,
        node.inputs[0],
        node.inputs[1],
        node,
      ),
  },
  select: {
    role: "elementwise",
    cost: () => 1,
    infer(_operation, [condition, a, b]) {
      checkDtype("the condition of select", condition.dtype, COMPUTED);
      checkDtype("select", a.dtype, COMPUTED);
      checkSameType("select", [a, b]);
      if (!sameShape(condition.shape, a.shape)) {
        throw new RangeError(
          `select needs a condition of [${a.shape}], not [${condition.shape}]`,
        );
      }
      return { shape: a.shape, dtype: a.dtype };
    },
    expression: (_operation, [condition, a, b], dtype) => ({
      kind: "select",
      condition,
      a,
      b,
      dtype,
    }),
    gradient: (
      gradient,
      { inputs: [condition] },
    ) => [undefined, ...splitGradient(gradient, condition)],
  },
  cast: {
    role: "elementwise",
    cost: () => 1,
    infer: ({ dtype }, [{ shape }]) => ({ shape, dtype }),
    expression: (_operation, [argument], dtype) => ({
      kind: "cast",
      argument,
      dtype,
    }),
    gradient: () => "none",
  },
};

/** A constant of the element type of `like`; `undefined` if that overflows, which is left to the device. */
function filled(
  value: number,
  shape: Shape,
  like: Tensor,
): Tensor | undefined {
  const dtype = computed(like.dtype);
  return isRepresentable(value, dtype)
    ? constant(value, shape, dtype)
    : undefined;
}

/** The element type, if it is one that kernels compute with. */
function computed(dtype: DType): Computed {
  if (dtype === "u8") throw new TypeError("bytes must be cast first");
  return dtype;
}
