import { matmul } from "../engine/ops/contraction.ts";
import { add } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { LINEAR_DEVIATION, Parameter } from "./parameter.ts";

/** `x W + b`. */
export class Linear {
  /** `[inputs, outputs]` */
  readonly weight: Parameter;
  /** `[outputs]` */
  readonly bias: Parameter;

  /** A layer from `inputs` to `outputs` features. */
  constructor(inputs: number, outputs: number) {
    this.weight = new Parameter([inputs, outputs], {
      deviation: LINEAR_DEVIATION,
    });
    this.bias = new Parameter([outputs], { constant: 0 });
  }

  /** `[..., inputs]` -> `[..., outputs]` */
  forward(x: Tensor): Tensor {
    return add(matmul(x, this.weight.tensor), this.bias.tensor);
  }
}
