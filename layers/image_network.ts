import { mean } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import type { Encoder, MapLayer } from "./encoder.ts";

/** The paper's image path (section 3.4): all stages of an encoder on the whole image, pooled. */
export class ImageNetwork {
  /** Ends the path. */
  readonly norm: MapLayer;

  /** A path through `encoder`, whose weights it shares. */
  constructor(
    /** Its stages are applied in order. */
    readonly encoder: Encoder,
    /** Dropout rate of pooled features. */
    readonly dropout: number,
  ) {
    this.norm = encoder.createOutput(this.width);
  }

  /** Features of an image. */
  get width(): number {
    return this.encoder.channels[this.encoder.stages];
  }

  /** `[n, height, width, 3]` -> I: `[n, features]` */
  forward(images: Tensor, context: Context): Tensor {
    return this.pool(this.maps(images, context).at(-1)!, context);
  }

  /**
   * The maps of the stem and of each stage.
   *
   * @param images `[n, height, width, 3]`
   * @returns `[n, height', width', encoder.channels[i]]`
   */
  maps(images: Tensor, context: Context): Tensor[] {
    const maps = [this.encoder.forwardStem(images, context)];
    for (let stage = 0; stage < this.encoder.stages; stage++) {
      maps.push(this.encoder.forwardStage(stage, maps[stage], context));
    }
    return maps;
  }

  /** I of the last map: `[n, height', width', features]` -> `[n, features]` */
  pool(map: Tensor, context: Context): Tensor {
    const pooled = mean(this.norm.forward(map, context), { axes: [1, 2] });
    return context.dropout(pooled, this.dropout);
  }
}
