import { add, gelu } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { SelfAttention } from "./attention.ts";
import type { Context } from "./context.ts";
import { Linear } from "./linear.ts";
import { LayerNorm } from "./norm.ts";
import type { LinearInitialization } from "./parameter.ts";

/** Sizes of a transformer. */
export interface TransformerOptions {
  /** Features of a token. */
  readonly width: number;
  /** Number of layers. */
  readonly layers: number;
  /** Attention heads; divides the width. */
  readonly heads: number;
  /** Hidden features of the feed-forward part. */
  readonly feedForward: number;
  /** Dropout rate. */
  readonly dropout: number;
  /** Initial weights of linear layers; `small` by default. */
  readonly initialization?: LinearInitialization;
}

/** A pre-norm transformer layer: attention, then a feed-forward part, each added to its input. */
export class TransformerLayer {
  /** Normalises the input of attention. */
  readonly attentionNorm: LayerNorm;
  /** Attention among the tokens. */
  readonly attention: SelfAttention;
  /** Normalises the input of the feed-forward part. */
  readonly feedForwardNorm: LayerNorm;
  /** First half of the feed-forward part: `width` -> `feedForward`. */
  readonly expand: Linear;
  /** Second half of the feed-forward part: `feedForward` -> `width`. */
  readonly contract: Linear;

  /** A layer of the given sizes. */
  constructor(
    /** Its sizes; `layers` is ignored. */
    readonly options: TransformerOptions,
  ) {
    const { width, heads, feedForward, dropout, initialization } = options;
    this.attentionNorm = new LayerNorm(width);
    this.attention = new SelfAttention(width, heads, dropout, initialization);
    this.feedForwardNorm = new LayerNorm(width);
    this.expand = new Linear(width, feedForward, initialization);
    this.contract = new Linear(feedForward, width, initialization);
  }

  /** `[batch, tokens, width]` -> the same shape; `keyMask`: `[batch, tokens]`, 1 where a token may be attended to. */
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

/** Transformer layers and a final layer normalisation. */
export class Transformer {
  /** The layers in order. */
  readonly layers: readonly TransformerLayer[];
  /** The final normalisation. */
  readonly norm: LayerNorm;

  /** A transformer of the given sizes. */
  constructor(options: TransformerOptions) {
    this.layers = Array.from(
      { length: options.layers },
      () => new TransformerLayer(options),
    );
    this.norm = new LayerNorm(options.width);
  }

  /** `[batch, tokens, width]` -> the same shape; `keyMask`: `[batch, tokens]`, 1 where a token may be attended to. */
  forward(x: Tensor, context: Context, keyMask?: Tensor): Tensor {
    for (const layer of this.layers) x = layer.forward(x, context, keyMask);
    return this.norm.forward(x);
  }
}
