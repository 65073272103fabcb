import { relu } from "../engine/ops/elementwise.ts";
import { mean } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import type { Encoder } from "./encoder.ts";
import { BatchNorm } from "./norm.ts";

/** Groups of the residual network that whole images go through. */
export const IMAGE_STAGES = 4;

/** The paper's image path (section 3.4): all four groups of a residual network on the whole image. */
export class ImageNetwork {
  /** Normalises the maps before they are pooled. */
  readonly norm: BatchNorm;

  /** A path through `encoder`, whose weights it shares. */
  constructor(
    /** The residual network, with four groups. */
    readonly encoder: Encoder,
    /** Probability of dropping a pooled feature. */
    readonly dropout: number,
  ) {
    this.norm = new BatchNorm(this.width);
  }

  /** Features of an image. */
  get width(): number {
    return this.encoder.channels[IMAGE_STAGES];
  }

  /** `[n, height, width, 3]` -> I: `[n, features]` */
  forward(images: Tensor, context: Context): Tensor {
    // [n, height, width, 3] -> [n, height', width', features]
    let y = this.encoder.forwardStem(images);
    for (let group = 0; group < IMAGE_STAGES; group++) {
      y = this.encoder.forwardStage(group, y, context);
    }
    // [n, height', width', features] -> [n, features]
    const pooled = mean(relu(this.norm.forward(y, context)), { axes: [1, 2] });
    return context.dropout(pooled, this.dropout);
  }
}
