import { add, multiply } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { mean } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import { Linear } from "./linear.ts";
import { EMBEDDING_DEVIATION, Parameter } from "./parameter.ts";
import { Transformer, type TransformerOptions } from "./transformer.ts";

/**
 * The paper's attention exchange (section 3.4): self-attention among the patches of an image, between
 * two stages of the encoder. Small initial weights keep its output small at first, "so that the model
 * can choose whether or not exchange information".
 */
export class AttentionExchange {
  /** Projects the pooled map of a patch to a token. */
  readonly input: Linear;
  /** Position embeddings: `[patches, width]`. */
  readonly positions: Parameter;
  /** Attention among the tokens of an image. */
  readonly transformer: Transformer;
  /** Projects a token to what is added to the map. */
  readonly output: Linear;

  /** An exchange among the `patches` patches of an image, whose maps have `channels`. */
  constructor(
    channels: number,
    /** M, patches of an image. */
    readonly patches: number,
    options: TransformerOptions,
  ) {
    const { width, initialization } = options;
    this.input = new Linear(channels, width, initialization);
    this.positions = new Parameter([patches, width], {
      deviation: EMBEDDING_DEVIATION,
    });
    this.transformer = new Transformer(options);
    this.output = new Linear(width, channels, initialization);
  }

  /**
   * `[n * patches, height, width, channels]` -> the same shape. A masked patch is neither key nor
   * value, and its own map stays as it is.
   *
   * @param visible `[n, patches]`, 1 for visible patches; all are by default
   * @throws {RangeError} if the shapes do not fit.
   */
  forward(x: Tensor, context: Context, visible?: Tensor): Tensor {
    const [rows, , , channels] = x.shape;
    const n = rows / this.patches;
    if (!Number.isInteger(n)) {
      throw new RangeError(
        `AttentionExchange: ${rows} maps are not ${this.patches} for each image`,
      );
    }
    if (visible) {
      checkShape(visible, [n, this.patches], "AttentionExchange: visible");
    }
    // [n * patches, height, width, channels] -> [n, patches, width]
    const pooled = reshape(mean(x, { axes: [1, 2] }), [
      n,
      this.patches,
      channels,
    ]);
    const tokens = add(this.input.forward(pooled), this.positions.tensor);
    const exchanged = this.output.forward(
      this.transformer.forward(tokens, context, visible),
    );
    const added = visible
      ? multiply(exchanged, reshape(visible, [n, this.patches, 1]))
      : exchanged;
    // the same for every cell of a patch's map
    return add(x, reshape(added, [rows, 1, 1, channels]));
  }
}
