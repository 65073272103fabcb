import {
  type Expression,
  inOrder,
  type ScalarType,
  type View,
} from "../../compile/expression.ts";
import { element, type Operand, typeOf } from "./operand.ts";
import { INFINITY } from "./shader.ts";

/**
 * Expressions as WGSL: one `let` for each distinct subexpression. Loop counters are `loop0`, `loop1`,
 * ..., the result of a reduction is `reduced`. Positions are u32; since they wrap, a negative
 * stride is written as the large number that it wraps to.
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

const unary = {
  negate: (x: string) => `-${x}`,
  exp: (x: string) => `exp(${x})`,
  log: (x: string) => `log(${x})`,
  sqrt: (x: string) => `sqrt(${x})`,
  // some drivers compute tanh from exponentials that overflow
  tanh: (x: string) => `tanh(clamp(${x}, -15f, 15f))`,
  erf: (x: string) => `erf(${x})`,
  sin: (x: string) => `sin(${x})`,
  cos: (x: string) => `cos(${x})`,
  abs: (x: string) => `abs(${x})`,
  floor: (x: string) => `floor(${x})`,
};

const binary = {
  add: (a: string, b: string) => `${a} + ${b}`,
  subtract: (a: string, b: string) => `${a} - ${b}`,
  multiply: (a: string, b: string) => `${a} * ${b}`,
  divide: (a: string, b: string) => `${a} / ${b}`,
  maximum: (a: string, b: string) => `max(${a}, ${b})`,
  minimum: (a: string, b: string) => `min(${a}, ${b})`,
  less: (a: string, b: string, dtype: ScalarType) => `${dtype}(${a} < ${b})`,
  equal: (a: string, b: string, dtype: ScalarType) => `${dtype}(${a} == ${b})`,
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

/** WGSL for a number; needs the helpers where it is not finite. */
export function literal(value: number, dtype: ScalarType): string {
  if (dtype !== "f32") return `${dtype}(${value})`;
  const rounded = Math.fround(value);
  if (Object.is(rounded, -0)) return "-0f";
  if (Number.isFinite(rounded)) return `${rounded}f`;
  if (Number.isNaN(rounded)) return "bitcast<f32>(infinity + 1u)";
  return `${rounded < 0 ? "-" : ""}bitcast<f32>(infinity)`;
}

/** What separates the streams of one seed; see `philox` in `engine/ops/random.ts`. */
function streamKey(stream: number): number {
  return Math.imul(stream + 1, 0x9e3779b9) >>> 0;
}

/** The functions and variables that `code` uses and WGSL lacks. */
export function helpersOf(code: string): string {
  const used = Object.keys(helpers).filter((word) => code.includes(word));
  return used.map((word) => helpers[word]).join("\n");
}

const helpers: Readonly<Record<string, string>> = {
  "infinity": INFINITY,

  // Philox 2x32-10; the 64-bit product is put together from halves of 16 bits
  "random(": `
fn random(seed: u32, counter: u32, step: u32) -> f32 {
  var key = seed;
  var low = counter;
  var high = step;
  for (var round = 0u; round < 10u; round++) {
    let a0 = low & 0xffffu;
    let a1 = low >> 16u;
    let cross = a1 * 0xd193u + ((a0 * 0xd193u) >> 16u);
    let middle = a0 * 0xd256u + (cross & 0xffffu);
    let product = a1 * 0xd256u + (cross >> 16u) + (middle >> 16u);
    let next = low * 0xd256d193u;
    low = product ^ key ^ high;
    high = next;
    key += 0x9e3779b9u;
  }
  return f32(low >> 8u) * 0x1p-24f;
}`,

  // two polynomials fitted to minimise the largest error, below 1e-7 everywhere
  "erf(": `
fn erf(x: f32) -> f32 {
  let t = abs(x);
  let s = x * x;
  if (t > 0.927734375f) {
    let r = (-1.72853470e-5f * t + 3.83197126e-4f) * s + (-3.88396438e-3f * t + 2.42546219e-2f);
    let q = ((r * t - 1.06777877e-1f) * t - 6.34846687e-1f) * t - 1.28717512e-1f;
    return sign(x) * (1f - exp(q * t - t));
  }
  let r = ((-5.96761703e-4f * s + 4.99119423e-3f) * s - 2.67681349e-2f) * s + 1.12819925e-1f;
  return ((r * s - 3.76125336e-1f) * s + 1.28379166e-1f) * x + x;
}`,
};
