import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Draw } from "../fuzz/draw.ts";
import { compute, evaluate, type Values } from "./reference.ts";

/**
 * How far inputs and results of a function are moved, relative to each, and sums relative to that of
 * their terms' magnitudes: 16 roundings of f32.
 */
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

/** How a device rounds what an operation gives: not at all, the value itself, or partial sums of it. */
function roundingOf({ operation, dtype }: Tensor): "exact" | "value" | "sums" {
  if (dtype !== "f32") return "exact";
  switch (operation.kind) {
    case "unary":
    case "binary":
      return inexactFunctions.includes(operation.name) ? "value" : "exact";
    case "reduce":
      return operation.name === "sum" ? "sums" : "exact";
    case "matmul":
    case "convolution":
    case "convolutionInputGradient":
    case "convolutionWeightGradient":
    case "maxPoolGradient":
    case "scatterAdd":
      return "sums";
    default:
      return "exact";
  }
}

/** The sums that an operation would give if none of their terms were negative. */
function sumsOfMagnitudes(
  node: Tensor,
  inputs: Float64Array[],
  values: Values,
): Float64Array {
  const magnitudes = inputs.map((x, i) => {
    const isSummed = node.inputs[i].dtype === "f32" &&
      // the image only says which windows a pixel is the largest of
      !(node.operation.kind === "maxPoolGradient" && i === 1);
    return isSummed ? x.map(Math.abs) : x;
  });
  return compute(node, magnitudes, values);
}

/**
 * How far values computed in f32 may be from those in float64, element by element: some times the
 * largest change seen when the graph is evaluated in float64 with random errors, larger than those of
 * f32, in every operation that rounds. So a cancellation, a
 * comparison of nearly equal values or a division by little loosens what depends on it, and nothing else.
 */
export class Tolerance {
  readonly #deviations: Float64Array[];

  /**
   * For the values of `roots`, which are `expected` in float64; without evaluations yet.
   *
   * @param known values of nodes that have no errors
   */
  constructor(
    private readonly roots: readonly Tensor[],
    private readonly values: Values,
    private readonly expected: readonly Float64Array[],
    private readonly draw: Draw,
    private readonly known: ReadonlyMap<Tensor, Float64Array> = new Map(),
  ) {
    this.#deviations = expected.map(({ length }) => new Float64Array(length));
  }

  /**
   * Evaluates with other errors, so many times.
   *
   * @param some whether a part of the operations, another one each time, makes errors: what the others
   * give may be exact in f32, and what errors of all cancel or hide come from few
   */
  widen(times: number, some = false): void {
    for (let i = 0; i < times; i++) {
      const share = some ? this.draw.number(0, 1) : 1;
      const shaken = evaluate(
        this.roots,
        this.values,
        new Map(this.known),
        (node, inputs, values) =>
          this.draw.number(0, 1) < share
            ? this.#computeShaken(node, inputs, values)
            : compute(node, inputs, values),
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
    // devices have its value in f32
    if (node.operation.kind === "constant") {
      return compute(node, inputs, values).map(Math.fround);
    }
    switch (roundingOf(node)) {
      case "exact":
        return compute(node, inputs, values);
      case "value":
        return this.#shake(
          compute(node, inputs.map((x) => this.#shake(x)), values),
        );
      case "sums": {
        const terms = sumsOfMagnitudes(node, inputs, values);
        return compute(node, inputs, values)
          .map((sum, i) => sum + this.#error() * terms[i]);
      }
    }
  }

  #shake(values: Float64Array): Float64Array {
    return values.map((x) =>
      Math.abs(x) < STAND_IN ? x * (1 + this.#error()) : x
    );
  }

  #error(): number {
    return SHAKE * this.draw.number(-1, 1);
  }
}
