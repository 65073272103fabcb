import { matmul } from "../engine/ops/matmul.ts";
import { add } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import {
  type LinearInitialization,
  linearNormal,
  Parameter,
} from "./parameter.ts";

/** `x W + b`. */
export class Linear {
  /** `[inputs, outputs]` */
  readonly weight: Parameter;
  /** `[outputs]` */
  readonly bias: Parameter;

  /** A layer from `inputs` to `outputs` features; the paper's small weights by default. */
  constructor(
    inputs: number,
    outputs: number,
    initialization: LinearInitialization = "small",
  ) {
    this.weight = new Parameter(
      [inputs, outputs],
      linearNormal(inputs, initialization),
    );
    this.bias = new Parameter([outputs], { constant: 0 });
  }

  /** `[..., inputs]` -> `[..., outputs]` */
  forward(x: Tensor): Tensor {
    return add(matmul(x, this.weight.tensor), this.bias.tensor);
  }
}
