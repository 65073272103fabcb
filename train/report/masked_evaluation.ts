import type { Tensor } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";

/** A pass that evaluates, with random numbers for the masks alone. */
export class MaskedEvaluation extends Context {
  /** Batch normalisation uses running statistics, and nothing is dropped. */
  override get training(): boolean {
    return false;
  }

  /** The identity. */
  override dropout(x: Tensor): Tensor {
    return x;
  }
}
