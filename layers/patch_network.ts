import { relu } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { mean } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { AttentionExchange } from "./attention_exchange.ts";
import type { Context } from "./context.ts";
import { BatchNorm } from "./norm.ts";
import { splitPatches } from "./patches.ts";
import type { Encoder } from "./encoder.ts";

/** Groups of the residual network that patches go through. */
export const PATCH_STAGES = 3;

/** The paper's patch path: the first three groups of a residual network on every patch on its own. */
export class PatchNetwork {
  /** Normalises the maps before they are pooled. */
  readonly norm: BatchNorm;

  /** A path through `encoder`, whose weights it shares. */
  constructor(
    /** The residual network, with at least three groups. */
    readonly encoder: Encoder,
    /** Patches along each side of an image. */
    readonly grid: number,
    /** Probability of dropping a pooled feature. */
    readonly dropout: number,
    /** What patches tell each other after each group; by default nothing. */
    readonly exchanges: readonly (AttentionExchange | undefined)[] = [],
  ) {
    this.norm = new BatchNorm(this.width);
  }

  /** Features of a patch. */
  get width(): number {
    return this.encoder.channels[PATCH_STAGES];
  }

  /**
   * `[n, height, width, 3]` -> P: `[n, patches, features]`
   *
   * @param visible `[n, patches]`, 1 for patches that others may learn of; all of them by default
   */
  forward(images: Tensor, context: Context, visible?: Tensor): Tensor {
    // [n, height, width, 3] -> [n * patches, height / grid, width / grid, 3]
    let y = this.encoder.forwardStem(splitPatches(images, this.grid));
    for (let group = 0; group < PATCH_STAGES; group++) {
      y = this.encoder.forwardStage(group, y, context);
      y = this.exchanges[group]?.forward(y, context, visible) ?? y;
    }
    y = relu(this.norm.forward(y, context));
    // [n * patches, height', width', features] -> [n, patches, features]
    const pooled = reshape(mean(y, { axes: [1, 2] }), [
      images.shape[0],
      this.grid ** 2,
      this.width,
    ]);
    return context.dropout(pooled, this.dropout);
  }
}
