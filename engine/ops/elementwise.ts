import { apply } from "../graph/definition.ts";
import {
  broadcastShapes,
  constant,
  type DType,
  Tensor,
} from "../graph/tensor.ts";
import {
  type BinaryName,
  type Computed,
  elementwise,
  type UnaryName,
} from "./elementwise_operations.ts";
import { broadcastTo } from "./movement.ts";

/** A tensor, or a number that broadcasts to any shape. */
export type Operand = Tensor | number;

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
