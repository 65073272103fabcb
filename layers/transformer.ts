import { add, gelu } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { SelfAttention } from "./attention.ts";
import type { Context } from "./context.ts";
import { Linear } from "./linear.ts";
import { LayerNorm } from "./norm.ts";

/** Sizes of a transformer. */
export interface TransformerOptions {
  /** Features of a token. */
  readonly width: number;
  /** Number of layers. */
  readonly layers: number;
  /** Heads of attention; divides the width. */
  readonly heads: number;
  /** Hidden features of the feed-forward part. */
  readonly feedForward: number;
  /** Probability of dropping a value. */
  readonly dropout: number;
}

/** One layer: attention, then a feed-forward part, each normalised first and added to its input. */
export class TransformerLayer {
  /** Normalises what attention sees. */
  readonly attentionNorm: LayerNorm;
  /** Attention among the tokens. */
  readonly attention: SelfAttention;
  /** Normalises what the feed-forward part sees. */
  readonly feedForwardNorm: LayerNorm;
  /** First half of the feed-forward part: `width` -> `feedForward`. */
  readonly expand: Linear;
  /** Second half of the feed-forward part: `feedForward` -> `width`. */
  readonly contract: Linear;

  /** A layer with fresh weights. */
  constructor(
    /** Its sizes; `layers` is not looked at. */
    readonly options: TransformerOptions,
  ) {
    const { width, heads, feedForward, dropout } = options;
    this.attentionNorm = new LayerNorm(width);
    this.attention = new SelfAttention(width, heads, dropout);
    this.feedForwardNorm = new LayerNorm(width);
    this.expand = new Linear(width, feedForward);
    this.contract = new Linear(feedForward, width);
  }

  /** `[batch, tokens, width]` -> the same shape; `keyMask` `[batch, tokens]` is 1 for visible keys. */
  forward(x: Tensor, context: Context, keyMask?: Tensor): Tensor {
    const { dropout } = this.options;
    const attended = this.attention.forward(
      this.attentionNorm.forward(x),
      context,
      keyMask,
    );
    const y = add(x, context.dropout(attended, dropout));
    // [batch, tokens, width] -> [batch, tokens, feedForward] -> [batch, tokens, width]
    const hidden = context.dropout(
      gelu(this.expand.forward(this.feedForwardNorm.forward(y))),
      dropout,
    );
    return add(y, context.dropout(this.contract.forward(hidden), dropout));
  }
}

/** Layers one after another, and a layer normalisation at the end. */
export class Transformer {
  /** The layers in order. */
  readonly layers: readonly TransformerLayer[];
  /** The normalisation at the end. */
  readonly norm: LayerNorm;

  /** A transformer of the given sizes. */
  constructor(options: TransformerOptions) {
    this.layers = Array.from(
      { length: options.layers },
      () => new TransformerLayer(options),
    );
    this.norm = new LayerNorm(options.width);
  }

  /** `[batch, tokens, width]` -> the same shape; `keyMask` `[batch, tokens]` is 1 for visible keys. */
  forward(x: Tensor, context: Context, keyMask?: Tensor): Tensor {
    for (const layer of this.layers) x = layer.forward(x, context, keyMask);
    return this.norm.forward(x);
  }
}
