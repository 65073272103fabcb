import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Draw } from "../fuzz/draw.ts";
import { compute, evaluate, type Values } from "./reference.ts";

/** How far the inputs and results of an operation are moved, relative to each: 16 roundings of f32. */
const SHAKE = 2 ** -20;
/** Larger values stand for infinity, as attention has them for what is hidden, and no operation makes them. */
const STAND_IN = 1e9;
/** The tolerance is so many times what shaking changes. */
const FACTOR = 4;
/** A GPU may take denormals for 0. */
const SMALLEST_NORMAL = 2 ** -126;

const inexactFunctions: readonly string[] = [
  ...["exp", "log", "sqrt", "tanh", "erf"],
  ...["add", "subtract", "multiply", "divide"],
];

/** Whether a device may round what the operation of a node gives. */
function isInexact({ operation, dtype }: Tensor): boolean {
  if (dtype !== "f32") return false;
  switch (operation.kind) {
    case "unary":
    case "binary":
      return inexactFunctions.includes(operation.name);
    case "reduce":
      return operation.name === "sum";
    case "matmul":
    case "convolution":
    case "convolutionInputGradient":
    case "convolutionWeightGradient":
    case "scatterAdd":
      return true;
    default:
      return false;
  }
}

/**
 * How far values computed in f32 may be from those in float64, element by element: some times the
 * largest change seen when the graph is evaluated in float64 with random errors, larger than those of
 * f32, in what goes into every operation that rounds and in what comes out. So a cancellation, a
 * comparison of nearly equal values or a division by little loosens what depends on it, and nothing else.
 */
export class Tolerance {
  readonly #deviations: Float64Array[];

  /** For the values of `roots`, which are `expected` in float64; without evaluations yet. */
  constructor(
    private readonly roots: readonly Tensor[],
    private readonly values: Values,
    private readonly expected: readonly Float64Array[],
    private readonly draw: Draw,
  ) {
    this.#deviations = expected.map(({ length }) => new Float64Array(length));
  }

  /** Evaluates with other errors, so many times. */
  widen(times: number): void {
    for (let i = 0; i < times; i++) {
      const shaken = evaluate(
        this.roots,
        this.values,
        new Map(),
        (node, inputs, values) => this.#computeShaken(node, inputs, values),
      );
      this.#deviations.forEach((deviations, root) =>
        deviations.forEach((deviation, j) => {
          const change = Math.abs(shaken[root][j] - this.expected[root][j]);
          deviations[j] = Math.max(deviation, change);
        })
      );
    }
  }

  /** How far element `i` of a root may be off. */
  of(root: number, i: number): number {
    return FACTOR * this.#deviations[root][i] + SMALLEST_NORMAL;
  }

  #computeShaken(
    node: Tensor,
    inputs: Float64Array[],
    values: Values,
  ): Float64Array {
    const { operation } = node;
    if (operation.kind === "constant") {
      return compute(node, inputs, values).map(Math.fround);
    }
    if (!isInexact(node)) return compute(node, inputs, values);
    const shaken = node.inputs.map(({ dtype }, i) =>
      dtype === "f32" ? this.#shake(inputs[i]) : inputs[i]
    );
    return this.#shake(compute(node, shaken, values));
  }

  #shake(values: Float64Array): Float64Array {
    return values.map((x) =>
      Math.abs(x) < STAND_IN ? x * (1 + SHAKE * this.draw.number(-1, 1)) : x
    );
  }
}
