import {
  broadcastTo,
  concatenate,
  reshape,
  slice,
} from "../engine/ops/movement.ts";
import { constant, type Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import { EMBEDDING_DEVIATION, Parameter } from "./parameter.ts";
import { Transformer, type TransformerOptions } from "./transformer.ts";

/**
 * Attention pooling (Selfie, section 3.1): a learned vector attends to the representations of the
 * patches and so becomes one vector for the image.
 */
export class AttentionPooling {
  /** u0: `[width]` */
  readonly start: Parameter;
  /** Attention among u0 and the patches. */
  readonly transformer: Transformer;

  /** A pooling of vectors of `options.width` features. */
  constructor(options: TransformerOptions) {
    this.start = new Parameter([options.width], {
      deviation: EMBEDDING_DEVIATION,
    });
    this.transformer = new Transformer(options);
  }

  /**
   * `[n, patches, width]` -> u: `[n, width]`
   *
   * @param visible `[n, patches]`, 1 for patches that are pooled; all are by default
   */
  forward(x: Tensor, context: Context, visible?: Tensor): Tensor {
    const [n, , width] = x.shape;
    // [n, patches, width] -> [n, 1 + patches, width]
    const tokens = concatenate(
      [broadcastTo(this.start.tensor, [n, 1, width]), x],
      1,
    );
    const keys = visible && concatenate([constant(1, [n, 1]), visible], 1);
    const pooled = this.transformer.forward(tokens, context, keys);
    return reshape(slice(pooled, [0, 0, 0], [n, 1, width]), [n, width]);
  }
}
