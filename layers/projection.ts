import { l2Normalize } from "../engine/ops/normalization.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { Linear } from "./linear.ts";
import type { LinearInitialization } from "./parameter.ts";

/** The head of the paper's `|x, y|`: a linear projection to the space in which vectors are compared. */
export class Projection {
  /** The projection. */
  readonly linear: Linear;

  /** A projection from `inputs` to `outputs` features. */
  constructor(
    inputs: number,
    outputs: number,
    initialization: LinearInitialization = "small",
  ) {
    this.linear = new Linear(inputs, outputs, initialization);
  }

  /** `[..., inputs]` -> `[..., outputs]`, rows of unit length */
  forward(x: Tensor): Tensor {
    return l2Normalize(this.linear.forward(x));
  }
}
