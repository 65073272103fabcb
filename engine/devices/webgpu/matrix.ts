import { element, type Operand } from "./operand.ts";
import type { Pass } from "./shader.ts";

/**
 * What matrix products and convolutions are lowered to: a product of two operands, each of which
 * brings the WGSL that reads it and checks its bounds ({@linkcode Matrix}), so that a convolution never
 * stores its matrix of patches.
 */
export interface Product {
  /** Matrices multiplied side by side. */
  readonly batch: number;
  /** Rows of a and of the result. */
  readonly m: number;
  /** Columns of b and of the result. */
  readonly n: number;
  /** Size of the inner axis: columns of a, rows of b. */
  readonly k: number;
  /** The left operand. */
  readonly a: Matrix;
  /** The right operand. */
  readonly b: Matrix;
}

/**
 * How the elements of an operand are found. What each of the two indices contributes to the
 * address is computed once per index, as a `vec3<u32>` of the operand's own meaning.
 */
export interface Matrix {
  /** What is read, f32. */
  readonly operand: Operand;
  /** The index that steps through neighbouring memory: that of rows (of b: columns), or the inner one. */
  readonly contiguous: "side" | "inner";
  /** Body of a function of `index`, a row (of b: a column), and `batch`. */
  readonly side: string;
  /** Body of a function of `index`, an inner index. */
  readonly inner: string;
  /** Body of a function of both contributions, `side` and `inner`: the position of the element, or `OUTSIDE` where it is 0. */
  readonly position: string;
  /** Whether there are elements outside. */
  readonly padded: boolean;
  /** How positions advance from a row (of b: a column) to the next ones. */
  readonly sideRun: Run;
  /** How positions advance from an inner index to the next ones. */
  readonly innerRun: Run;
}

/** Runs of `length` indices that are all inside or all outside, with positions `step` apart. */
export interface Run {
  /** Number of indices; infinite where it holds for all. */
  readonly length: number;
  /** Elements between the positions of neighbours. */
  readonly step: number;
}

/** A way to compute products; which is fast depends on what runs the shaders. */
export interface ProductScheme {
  /** Into how many parts the inner axis should be cut to occupy the whole device. */
  cut(product: Product): {
    /** Number of parts. */
    readonly parts: number;
    /** Inner indices that are worked on at a time; the length of a part is a multiple of it. */
    readonly depth: number;
  };
  /**
   * The product over parts of `length` of the inner axis; `store` gives the WGSL for an element of
   * the result, from its position and `part`.
   */
  pass(
    product: Product,
    length: number,
    store: (position: string) => string,
  ): Pass;
}

/** WGSL functions `aSide`, `aInner`, `aPosition` and `aValue` of an operand `a`. */
export function matrixFunctions(
  name: string,
  { side, inner, position, padded, operand }: Matrix,
): string {
  const outside = padded ? "if (position == OUTSIDE) { return 0f; }\n" : "";
  return `fn ${name}Side(index: u32, batch: u32) -> vec3<u32> {
${side}
}
fn ${name}Inner(index: u32) -> vec3<u32> {
${inner}
}
fn ${name}Position(side: vec3<u32>, inner: vec3<u32>) -> u32 {
${position}
}
fn ${name}Value(side: vec3<u32>, inner: vec3<u32>) -> f32 {
let position = ${name}Position(side, inner);
${outside}return ${element(operand, "position")};
}`;
}

/** Declares the position that stands for elements outside; no buffer is so large. */
export const OUTSIDE = "const OUTSIDE = 0xffffffffu;";
