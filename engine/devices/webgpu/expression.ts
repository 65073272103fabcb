import {
  type Expression,
  inOrder,
  type ScalarType,
  type View,
} from "../../compile/expression.ts";
import type {
  BinaryName,
  UnaryName,
} from "../../ops/elementwise_operations.ts";
import { element, type Operand, typeOf } from "./operand.ts";

/**
 * Writes expressions as WGSL: one `let` for each distinct subexpression. Loop counters are `loop0`,
 * `loop1`, ..., the result of a reduction is `reduced`. Positions are u32, which wrap, so a negative
 * stride is the large number that it wraps to.
 */
export class ExpressionWriter {
  readonly #names = new Map<Expression, string>();
  readonly #inputs: readonly Operand[];

  /** A writer for a kernel that reads `inputs`. */
  constructor(inputs: readonly Operand[]) {
    this.#inputs = inputs;
  }

  /** WGSL statements for the subexpressions of `root` that `wanted` holds for and that have no name yet. */
  statements(
    root: Expression,
    wanted: (expression: Expression) => boolean = () => true,
  ): string {
    const lines: string[] = [];
    for (const expression of inOrder(root)) {
      if (this.#names.has(expression) || !wanted(expression)) continue;
      const name = expression.kind === "reduced"
        ? "reduced"
        : `v${this.#names.size}`;
      if (expression.kind !== "reduced") {
        lines.push(`let ${name} = ${this.#write(expression)};`);
      }
      this.#names.set(expression, name);
    }
    return lines.join("\n");
  }

  /** The variable that holds the value of an expression whose statements have been written. */
  name(expression: Expression): string {
    return this.#names.get(expression)!;
  }

  #write(expression: Exclude<Expression, { kind: "reduced" }>): string {
    switch (expression.kind) {
      case "load":
        return element(
          this.#inputs[expression.input],
          position(expression.view),
        );
      case "constant":
        return literal(expression.value, expression.dtype);
      case "iota":
        return `i32(${position(expression.view)})`;
      case "random": {
        const seed = this.name(expression.seed);
        const step = this.name(expression.step);
        const key = `${seed} ^ ${streamKey(expression.stream)}u`;
        return `random(${key}, ${position(expression.counter)}, ${step})`;
      }
      case "unary":
        return unary[expression.name](this.name(expression.argument));
      case "binary":
        return binary[expression.name](
          this.name(expression.a),
          this.name(expression.b),
          expression.dtype,
        );
      case "select": {
        const { condition, a, b } = expression;
        const holds = `${this.name(condition)} != ${typeOf(condition.dtype)}()`;
        return `select(${this.name(b)}, ${this.name(a)}, ${holds})`;
      }
      case "cast":
        return `${expression.dtype}(${this.name(expression.argument)})`;
    }
  }
}

const unary: Record<UnaryName, (x: string) => string> = {
  negate: (x) => `-${x}`,
  exp: (x) => `exp(${x})`,
  log: (x) => `log(${x})`,
  sqrt: (x) => `sqrt(${x})`,
  // drivers compute tanh from exponentials, which overflow and cancel
  tanh: (x) => `rationalTanh(${x})`,
  erf: (x) => `erf(${x})`,
  abs: (x) => `abs(${x})`,
  floor: (x) => `floor(${x})`,
  // compilers may assume that comparisons of floats see no NaN
  isFinite: (x) => `f32((bitcast<u32>(${x}) & 0x7f800000u) < 0x7f800000u)`,
};

const binary: Record<
  BinaryName,
  (a: string, b: string, dtype: ScalarType) => string
> = {
  add: (a, b) => `${a} + ${b}`,
  subtract: (a, b) => `${a} - ${b}`,
  multiply: (a, b) => `${a} * ${b}`,
  divide: (a, b) => `${a} / ${b}`,
  maximum: (a, b) => `max(${a}, ${b})`,
  minimum: (a, b) => `min(${a}, ${b})`,
  less: (a, b, dtype) => `${dtype}(${a} < ${b})`,
  equal: (a, b, dtype) => `${dtype}(${a} == ${b})`,
};

/** WGSL for `offset + sum(strides[i] * loop[i])`. */
export function position({ offset, strides }: View): string {
  const terms = strides.flatMap((stride, loop) => {
    if (stride === 0) return [];
    return [stride === 1 ? `loop${loop}` : `loop${loop} * ${stride >>> 0}u`];
  });
  if (offset !== 0 || terms.length === 0) terms.push(`${offset >>> 0}u`);
  return terms.join(" + ");
}

/** WGSL for a number; uses the variable `infinity` of {@linkcode helpersOf} where it is not finite. */
export function literal(value: number, dtype: ScalarType): string {
  if (dtype !== "f32") return `${dtype}(${value})`;
  const rounded = Math.fround(value);
  if (Object.is(rounded, -0)) return "-0f";
  if (Number.isFinite(rounded)) return `${rounded}f`;
  if (Number.isNaN(rounded)) return "bitcast<f32>(infinity + 1u)";
  return `${rounded < 0 ? "-" : ""}bitcast<f32>(infinity)`;
}

/** Separates the streams of one seed; see `philox` in `engine/ops/random.ts`. */
function streamKey(stream: number): number {
  return Math.imul(stream + 1, 0x9e3779b9) >>> 0;
}
