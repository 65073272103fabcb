import {
  type BinaryName,
  broadcastShapes,
  constant,
  type DType,
  sameShape,
  Tensor,
  type UnaryName,
} from "../graph/tensor.ts";
import { broadcastTo } from "./movement.ts";

/** A tensor, or a number that broadcasts to any shape. */
export type Operand = Tensor | number;

function unary(name: UnaryName, x: Tensor): Tensor {
  if (x.dtype !== "f32" && name !== "negate" && name !== "abs") {
    throw new TypeError(`${name} needs f32, not ${x.dtype}; cast it`);
  }
  return new Tensor({ kind: "unary", name }, [x], x.shape, x.dtype);
}

function dtypeOf(...operands: Operand[]): "f32" | "i32" | "u32" {
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
  const [x, y] = broadcast(a, b);
  return new Tensor({ kind: "binary", name }, [x, y], x.shape, x.dtype);
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
export function divide(a: Operand, b: Operand): Tensor {
  const quotient = binary("divide", a, b);
  if (quotient.dtype !== "f32") {
    throw new TypeError(`divide needs f32, not ${quotient.dtype}; cast it`);
  }
  return quotient;
}
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
  return new Tensor(
    { kind: "select" },
    [condition, x, y].map((tensor) => broadcastTo(tensor, shape)),
    shape,
    x.dtype,
  );
}

/** The same values with another element type; a fraction is cut off towards zero. */
export function cast(x: Tensor, dtype: Exclude<DType, "u8">): Tensor {
  return x.dtype === dtype
    ? x
    : new Tensor({ kind: "cast" }, [x], x.shape, dtype);
}

/** The same values, with no gradient to what they were made from. */
export function stopGradient(x: Tensor): Tensor {
  return new Tensor({ kind: "stopGradient" }, [x], x.shape, x.dtype);
}

/**
 * The same values, computed once and kept for all that use them. Where the same number must come out
 * for several users, as when a maximum is looked for again, recomputing it could round differently.
 */
export function materialize(x: Tensor): Tensor {
  return new Tensor({ kind: "materialize" }, [x], x.shape, x.dtype);
}

/**
 * `value` with a gradient of its own: `backward` maps the gradient of the result to those of
 * `inputs`, and nothing flows through `value`.
 */
export function customGradient(
  value: Tensor,
  inputs: readonly Tensor[],
  backward: (outputGradient: Tensor) => (Tensor | undefined)[],
): Tensor {
  return new Tensor(
    {
      kind: "customGradient",
      backward: (gradient) => [undefined, ...backward(gradient)],
    },
    [value, ...inputs],
    value.shape,
    value.dtype,
  );
}

/** Position of each element along `axis`, as whole numbers. */
export function iota(
  shape: readonly number[],
  axis: number,
  dtype: "f32" | "i32" = "i32",
): Tensor {
  return cast(new Tensor({ kind: "iota", axis }, [], shape, "i32"), dtype);
}

/** Throws unless both tensors have the same shape; `what` names them. */
export function assertSameShape(a: Tensor, b: Tensor, what: string): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new RangeError(
      `${what} must have one shape, not [${a.shape}] and [${b.shape}]`,
    );
  }
}
