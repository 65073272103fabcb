import {
  checkPositive,
  type Shape,
  type Tensor,
} from "../engine/graph/tensor.ts";

/** Initial values of a parameter: a constant, or normal numbers of mean 0 and a given standard deviation. */
export type Initializer = { readonly constant: number } | {
  readonly deviation: number;
};

/**
 * The standard deviation of a linear layer's initial weights. `small`: 1e-3, the paper's (section
 * 4.1). `fanIn`: `1 / sqrt(inputs)`, which keeps the size of what passes through (LeCun et al. 1998).
 */
export type LinearInitialization = "small" | "fanIn";

/** Standard deviation of a linear layer's initial weights in the paper (section 4.1). */
export const LINEAR_DEVIATION = 1e-3;

/** Standard deviation of initial learned tokens and position embeddings, the usual one for transformers. */
export const EMBEDDING_DEVIATION = 0.02;

/** He initialisation (He et al. 2015) of a convolution with `fanIn` inputs per output. */
export function heNormal(fanIn: number): Initializer {
  return { deviation: Math.sqrt(2 / fanIn) };
}

/** The initial weights of a linear layer with `fanIn` inputs. */
export function linearNormal(
  fanIn: number,
  initialization: LinearInitialization,
): Initializer {
  return {
    deviation: initialization === "fanIn"
      ? 1 / Math.sqrt(fanIn)
      : LINEAR_DEVIATION,
  };
}

/** A tensor that the optimiser changes. It is placed in memory when its model is packed. */
export class Parameter {
  #tensor?: Tensor;

  /**
   * A parameter of `shape` with its initial values.
   *
   * @throws {RangeError} if a size is not a whole number of at least 1.
   */
  constructor(
    /** Sizes of its axes. */
    readonly shape: Shape,
    /** Its initial values. */
    readonly initializer: Initializer,
  ) {
    for (const size of shape) checkPositive(size, "each size of a parameter");
  }

  /**
   * What forward passes compute with, of `shape`.
   *
   * @throws {Error} if its model has not been packed.
   */
  get tensor(): Tensor {
    if (!this.#tensor) {
      throw new Error("a parameter is used before its model was packed");
    }
    return this.#tensor;
  }

  /** Makes forward passes compute with `tensor` from now on. */
  place(tensor: Tensor): void {
    this.#tensor = tensor;
  }
}
