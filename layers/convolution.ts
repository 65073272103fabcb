import { convolution } from "../engine/ops/convolution.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { heNormal, Parameter } from "./parameter.ts";

/** A convolution without bias, as a normalisation follows, padded so that stride 1 keeps the size. */
export class Convolution {
  /** `[size, size, inputs, outputs]` */
  readonly weight: Parameter;

  /** A convolution of `inputs` to `outputs` channels with a window of odd `size`. */
  constructor(
    inputs: number,
    outputs: number,
    /** Height and width of the window. */
    readonly size: number,
    /** Step between windows. */
    readonly stride = 1,
  ) {
    this.weight = new Parameter(
      [size, size, inputs, outputs],
      heNormal(size * size * inputs),
    );
  }

  /** `[n, height, width, inputs]` -> `[n, height / stride, width / stride, outputs]` */
  forward(x: Tensor): Tensor {
    return convolution(x, this.weight.tensor, {
      stride: this.stride,
      padding: (this.size - 1) / 2,
    });
  }
}
