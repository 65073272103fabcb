import type { Definitions, InputGradients } from "../graph/definition.ts";
import {
  broadcastShapes,
  constant,
  type DType,
  sameShape,
  type Shape,
  Tensor,
} from "../graph/tensor.ts";
import { apply } from "../graph/definition.ts";
import { isRepresentable } from "./leaves.ts";
import { broadcastTo, normalizeAxes } from "./movement.ts";

/** A tensor, or a number that broadcasts to any shape. */
export type Operand = Tensor | number;

/** Element types that kernels compute with. */
type Computed = Exclude<DType, "u8">;

const FLOAT: readonly DType[] = ["f32"];
const SIGNED: readonly DType[] = ["f32", "i32"];
const COMPUTED: readonly DType[] = ["f32", "i32", "u32"];

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
const unaryFunctions: Readonly<Record<UnaryName, UnaryFunction>> = {
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
};

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
const binaryFunctions: Readonly<Record<BinaryName, BinaryFunction>> = {
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
    derivative: (gradient, _a, b, y) => splitGradient(gradient, less(b, y)),
  },
  minimum: {
    cost: 1,
    dtypes: COMPUTED,
    derivative: (gradient, _a, b, y) => splitGradient(gradient, less(y, b)),
  },
  less: { cost: 1, dtypes: COMPUTED, derivative: () => "none" },
  equal: { cost: 1, dtypes: COMPUTED, derivative: () => "none" },
};

/** The gradient where `condition` holds, and where it does not. */
function splitGradient(
  gradient: Tensor,
  condition: Tensor,
): readonly [Tensor, Tensor] {
  return [select(condition, gradient, 0), select(condition, 0, gradient)];
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

/** The position of each element along an axis, as i32. */
export interface IotaOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "iota";
  /** Sizes of the axes. */
  readonly shape: Shape;
  /** Axis along which positions are counted. */
  readonly axis: number;
}

/** Its input, computed once and stored. */
export interface MaterializeOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "materialize";
}

/** Its input, without a gradient. */
export interface StopGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "stopGradient";
}

/** Its first input; gradients go to the others. */
export interface CustomGradientOperation {
  /** The discriminant of `Operation`. */
  readonly kind: "customGradient";
  /** Gradients of all inputs but the first, given that of the result. */
  readonly backward: Backward;
}

/**
 * Gradients of a node with respect to its inputs, given that of its output. `undefined` where no
 * gradient flows.
 */
export type Backward = (
  outputGradient: Tensor,
) => readonly (Tensor | undefined)[];

/** Operations on one element at a time. */
export type ElementwiseOperation =
  | UnaryOperation
  | BinaryOperation
  | SelectOperation
  | CastOperation
  | IotaOperation
  | MaterializeOperation
  | StopGradientOperation
  | CustomGradientOperation;

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
export const elementwise:
  & Definitions<
    UnaryOperation | BinaryOperation | SelectOperation | CastOperation,
    "elementwise"
  >
  & Definitions<IotaOperation, "generator">
  & Definitions<MaterializeOperation, "barrier">
  & Definitions<StopGradientOperation | CustomGradientOperation, "identity"> = {
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
    materialize: {
      role: "barrier",
      infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
      gradient: (gradient) => [gradient],
    },
    stopGradient: {
      role: "identity",
      infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
      gradient: () => "none",
    },
    customGradient: {
      role: "identity",
      infer: (_operation, [{ shape, dtype }]) => ({ shape, dtype }),
      gradient: (
        gradient,
        _node,
        { backward },
      ) => [undefined, ...backward(gradient)],
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

function unary(name: UnaryName, x: Tensor): Tensor {
  return apply(elementwise.unary, { kind: "unary", name }, [x]);
}

function dtypeOf(...operands: Operand[]): Computed {
  const tensors = operands.filter((operand) => operand instanceof Tensor);
  const dtype = tensors[0]?.dtype ?? "f32";
  if (dtype === "u8" || tensors.some((tensor) => tensor.dtype !== dtype)) {
    throw new TypeError(
      `operands must have one type and not u8, not ${
        tensors.map((tensor) => tensor.dtype)
      }; cast them`,
    );
  }
  return dtype;
}

function broadcast(...operands: Operand[]): Tensor[] {
  const dtype = dtypeOf(...operands);
  const tensors = operands.map((operand) =>
    operand instanceof Tensor ? operand : constant(operand, [], dtype)
  );
  const shape = tensors.map((tensor) => tensor.shape).reduce(broadcastShapes);
  return tensors.map((tensor) => broadcastTo(tensor, shape));
}

function binary(name: BinaryName, a: Operand, b: Operand): Tensor {
  return apply(elementwise.binary, { kind: "binary", name }, broadcast(a, b));
}

/** `a + b`, broadcasting. */
export const add = (a: Operand, b: Operand): Tensor => binary("add", a, b);
/** `a - b`, broadcasting. */
export const subtract = (a: Operand, b: Operand): Tensor =>
  binary("subtract", a, b);
/** `a * b`, broadcasting. */
export const multiply = (a: Operand, b: Operand): Tensor =>
  binary("multiply", a, b);
/** `a / b`, broadcasting; f32 only. */
export const divide = (a: Operand, b: Operand): Tensor =>
  binary("divide", a, b);
/** The larger of `a` and `b`, broadcasting; where they are equal the gradient goes to `b`. */
export const maximum = (a: Operand, b: Operand): Tensor =>
  binary("maximum", a, b);
/** The smaller of `a` and `b`, broadcasting; where they are equal the gradient goes to `b`. */
export const minimum = (a: Operand, b: Operand): Tensor =>
  binary("minimum", a, b);
/** 1 where `a < b`, else 0. */
export const less = (a: Operand, b: Operand): Tensor => binary("less", a, b);
/** 1 where `a` equals `b`, else 0. */
export const equal = (a: Operand, b: Operand): Tensor => binary("equal", a, b);

/** `-x`. */
export const negate = (x: Tensor): Tensor => unary("negate", x);
/** The exponential. */
export const exp = (x: Tensor): Tensor => unary("exp", x);
/** The natural logarithm. */
export const log = (x: Tensor): Tensor => unary("log", x);
/** The square root. */
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x);
/** The hyperbolic tangent. */
export const tanh = (x: Tensor): Tensor => unary("tanh", x);
/** The error function, to about 1e-7. */
export const erf = (x: Tensor): Tensor => unary("erf", x);
/** The absolute value. */
export const abs = (x: Tensor): Tensor => unary("abs", x);
/** The largest integer not above `x`; no gradient. */
export const floor = (x: Tensor): Tensor => unary("floor", x);
/** 1 where `x` is neither infinite nor NaN, else 0; decided by its bits. No gradient. */
export const isFinite = (x: Tensor): Tensor => unary("isFinite", x);
/** `x * x`. */
export const square = (x: Tensor): Tensor => multiply(x, x);

/** `max(x, 0)`. */
export const relu = (x: Tensor): Tensor => maximum(x, 0);

/** The Gaussian error linear unit, `x Φ(x)` (Hendrycks and Gimpel 2016), by the error function. */
export function gelu(x: Tensor): Tensor {
  return multiply(multiply(x, 0.5), add(erf(multiply(x, Math.SQRT1_2)), 1));
}

/** `x` limited to `[low, high]`. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}

/** `a` where `condition` is not 0, else `b`; broadcasting. */
export function select(condition: Tensor, a: Operand, b: Operand): Tensor {
  const [x, y] = broadcast(a, b);
  const shape = broadcastShapes(condition.shape, x.shape);
  return apply(
    elementwise.select,
    { kind: "select" },
    [condition, x, y].map((tensor) => broadcastTo(tensor, shape)),
  );
}

/** The same values with another element type; a fraction is cut off towards zero. */
export function cast(x: Tensor, dtype: Exclude<DType, "u8">): Tensor {
  return x.dtype === dtype
    ? x
    : apply(elementwise.cast, { kind: "cast", dtype }, [x]);
}

/** The same values, with no gradient to what they were made from. */
export function stopGradient(x: Tensor): Tensor {
  return apply(elementwise.stopGradient, { kind: "stopGradient" }, [x]);
}

/**
 * The same values, computed once and kept for all that use them. Where several users need the very
 * same number, as a search for the position of a maximum does, computing it again could round
 * differently.
 */
export function materialize(x: Tensor): Tensor {
  return apply(elementwise.materialize, { kind: "materialize" }, [x]);
}

/**
 * `value` with a gradient of its own: `backward` maps the gradient of the result to those of
 * `inputs`, and nothing flows through `value`.
 */
export function customGradient(
  value: Tensor,
  inputs: readonly Tensor[],
  backward: Backward,
): Tensor {
  return apply(
    elementwise.customGradient,
    { kind: "customGradient", backward },
    [value, ...inputs],
  );
}

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
  const positions = apply(
    elementwise.iota,
    { kind: "iota", shape, axis: normal },
    [],
  );
  return cast(positions, dtype);
}
