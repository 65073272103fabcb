import {
  broadcastTo,
  concatenate,
  reshape,
  sliceAxis,
} from "../../engine/ops/movement.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { ImageNetwork } from "../../layers/image_network.ts";
import { EMBEDDING_DEVIATION, Parameter } from "../../layers/parameter.ts";
import type { Projection } from "../../layers/projection.ts";

/** The double view (section 3.4): the encoder also represents the whole image, which is predicted from the patches. */
export class DoubleView {
  /** The [IMG] token: `[width]`. */
  readonly token: Parameter;
  /** Projects I to the space of `|x, y|`. */
  readonly imageHead: Projection;
  /** Projects the output at [IMG] to the space of `|x, y|`. */
  readonly predictionHead: Projection;

  /** The view beside a transformer whose tokens have `width` features. */
  constructor(
    /** Represents whole images. */
    readonly imageNetwork: ImageNetwork,
    width: number,
    headOf: (inputs: number) => Projection,
  ) {
    this.token = new Parameter([width], { deviation: EMBEDDING_DEVIATION });
    this.imageHead = headOf(imageNetwork.width);
    this.predictionHead = headOf(width);
  }

  /** `[n, patches, width]` -> `[n, patches + 1, width]`: [IMG] comes last */
  appendToken(tokens: Tensor): Tensor {
    const [n, , width] = tokens.shape;
    return concatenate(
      [tokens, broadcastTo(this.token.tensor, [n, 1, width])],
      1,
    );
  }

  /** Î, the output at [IMG]: `[n, patches + 1, width]` -> `[n, width]` */
  predicted(contextual: Tensor): Tensor {
    const [n, tokens, width] = contextual.shape;
    const last = sliceAxis(contextual, 1, tokens - 1, tokens);
    return reshape(last, [n, width]);
  }

  /** The projection of Î: `[n, patches + 1, width]` -> `[n, projection]` */
  predict(contextual: Tensor, context: Context): Tensor {
    return this.predictionHead.forward(this.predicted(contextual), context);
  }

  /** I: `[n, height, width, 3]` -> `[n, projection]` */
  target(images: Tensor, context: Context): Tensor {
    const I = this.imageNetwork.forward(images, context);
    return this.imageHead.forward(I, context);
  }
}
