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
    return this.pool(this.maps(images, context, visible).at(-1)!, context);
  }

  /** P without exchange, of each patch by itself: `[n, height, width, 3]` -> `[n, patches, features]` */
  forwardIsolated(images: Tensor, context: Context): Tensor {
    return this.pool(this.#maps(images, context, []).at(-1)!, context);
  }

  /**
   * The maps of the stem and of each stage, as the next stage receives them: after the exchange.
   *
   * @param images `[n, height, width, 3]`
   * @returns `[n * patches, height', width', encoder.channels[i]]`, the patches of an image in a row.
   */
  maps(images: Tensor, context: Context, visible?: Tensor): Tensor[] {
    return this.#maps(images, context, this.exchanges, visible);
  }

  #maps(
    images: Tensor,
    context: Context,
    exchanges: PatchNetwork["exchanges"],
    visible?: Tensor,
  ): Tensor[] {
    // [n, height, width, 3] -> [n * patches, height / grid, width / grid, 3]
    const patches = splitPatches(images, this.grid);
    const maps = [this.encoder.forwardStem(patches, context)];
    for (let stage = 0; stage < this.encoder.patchStages; stage++) {
      const map = this.encoder.forwardStage(stage, maps[stage], context);
      maps.push(exchanges[stage]?.forward(map, context, visible) ?? map);
    }
    return maps;
  }

  /** P of the last map: `[n * patches, height', width', features]` -> `[n, patches, features]` */
  pool(map: Tensor, context: Context): Tensor {
    const y = this.norm.forward(map, context);
    const pooled = reshape(mean(y, { axes: [1, 2] }), [
      -1,
      this.grid ** 2,
      this.width,
    ]);
    return context.dropout(pooled, this.dropout);
  }
}
