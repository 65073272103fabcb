import { l2Normalize } from "../engine/ops/normalization.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import { Linear } from "./linear.ts";
import { BatchNorm, BatchNormRelu } from "./norm.ts";
import type { LinearInitialization } from "./parameter.ts";

/**
 * What a head consists of. `linear`: the paper's linear layer. `batchNorm`: that and batch
 * normalisation. `mlp`: a perceptron with a hidden layer as wide as its input, batch normalisation
 * and a rectifier (SimCLR, Chen et al. 2020).
 */
export type HeadKind = "linear" | "batchNorm" | "mlp";

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
  forward(x: Tensor, context: Context): Tensor {
    return l2Normalize(this.project(x, context));
  }

  /** The projection before it is scaled to unit length. */
  protected project(x: Tensor, _context: Context): Tensor {
    return this.linear.forward(x);
  }
}

/** A {@linkcode Projection} that is normalised over the batch. */
export class BatchNormProjection extends Projection {
  /** Normalises the projection. */
  readonly norm: BatchNorm;

  /** A projection from `inputs` to `outputs` features. */
  constructor(
    inputs: number,
    outputs: number,
    initialization?: LinearInitialization,
  ) {
    super(inputs, outputs, initialization);
    this.norm = new BatchNorm(outputs);
  }

  /** The normalised projection. */
  protected override project(x: Tensor, context: Context): Tensor {
    return this.norm.forward(super.project(x, context), context);
  }
}

/** A {@linkcode Projection} of a hidden layer. */
export class MlpProjection extends Projection {
  /** The hidden layer, as wide as its input. */
  readonly hidden: Linear;
  /** Normalises the hidden layer. */
  readonly norm: BatchNormRelu;

  /** A projection from `inputs` to `outputs` features. */
  constructor(
    inputs: number,
    outputs: number,
    initialization?: LinearInitialization,
  ) {
    super(inputs, outputs, initialization);
    this.hidden = new Linear(inputs, inputs, initialization);
    this.norm = new BatchNormRelu(inputs);
  }

  /** The projection of the hidden layer. */
  protected override project(x: Tensor, context: Context): Tensor {
    const hidden = this.norm.forward(this.hidden.forward(x), context);
    return super.project(hidden, context);
  }
}

const heads: Readonly<
  Record<HeadKind, new (...sizes: HeadSizes) => Projection>
> = {
  linear: Projection,
  batchNorm: BatchNormProjection,
  mlp: MlpProjection,
};

type HeadSizes = ConstructorParameters<typeof Projection>;

/** A head from `inputs` to `outputs` features. */
export function createHead(
  kind: HeadKind,
  inputs: number,
  outputs: number,
  initialization: LinearInitialization,
): Projection {
  return new heads[kind](inputs, outputs, initialization);
}
