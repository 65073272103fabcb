import { reshape } from "../engine/ops/movement.ts";
import { mean } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { AttentionExchange } from "./attention_exchange.ts";
import type { Context } from "./context.ts";
import type { Encoder, MapLayer } from "./encoder.ts";
import { splitPatches } from "./patches.ts";

/** The paper's patch path (section 3.3): the first stages of an encoder on each patch by itself, pooled. */
export class PatchNetwork {
  /** Ends the path. */
  readonly norm: MapLayer;

  /** A path through `encoder`, whose weights it shares. */
  constructor(
    /** Its stages for patches are applied in order. */
    readonly encoder: Encoder,
    /** Patches along each side of an image. */
    readonly grid: number,
    /** Dropout rate of pooled features. */
    readonly dropout: number,
    /** The exchange between patches after each stage; none by default. */
    readonly exchanges: readonly (AttentionExchange | undefined)[] = [],
  ) {
    this.norm = encoder.createOutput(this.width);
  }

  /** Features of a patch. */
  get width(): number {
    return this.encoder.channels[this.encoder.patchStages];
  }

  /**
   * `[n, height, width, 3]` -> P: `[n, patches, features]`
   *
   * @param visible `[n, patches]`, 1 for patches that others may attend to; all of them by default
   */
  forward(images: Tensor, context: Context, visible?: Tensor): Tensor {
    // [n, height, width, 3] -> [n * patches, height / grid, width / grid, 3]
    const patches = splitPatches(images, this.grid);
    let y = this.encoder.forwardStem(patches, context);
    for (let stage = 0; stage < this.encoder.patchStages; stage++) {
      y = this.encoder.forwardStage(stage, y, context);
      y = this.exchanges[stage]?.forward(y, context, visible) ?? y;
    }
    y = this.norm.forward(y, context);
    // [n * patches, height', width', features] -> [n, patches, features]
    const pooled = reshape(mean(y, { axes: [1, 2] }), [
      images.shape[0],
      this.grid ** 2,
      this.width,
    ]);
    return context.dropout(pooled, this.dropout);
  }
}
