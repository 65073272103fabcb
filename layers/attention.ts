import { attention } from "../engine/ops/attention.ts";
import { sliceAxis } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import { Linear } from "./linear.ts";
import type { LinearInitialization } from "./parameter.ts";

/** Multi-head self-attention (Vaswani et al. 2017). */
export class SelfAttention {
  /** Query, key and value of all heads, side by side. */
  readonly inputs: Linear;
  /** Mixes the outputs of the heads. */
  readonly output: Linear;

  /** Attention over tokens of `width` features. */
  constructor(
    /** Features of a token. */
    readonly width: number,
    /** Number of heads; divides the width. */
    readonly heads: number,
    /** Probability of dropping an attention weight while training. */
    readonly dropoutRate: number,
    initialization: LinearInitialization = "small",
  ) {
    this.inputs = new Linear(width, 3 * width, initialization);
    this.output = new Linear(width, width, initialization);
  }

  /**
   * `[batch, tokens, width]` -> the same shape.
   *
   * @param keyMask `[batch, tokens]`, 1 where a token may be attended to; everywhere by default
   */
  forward(x: Tensor, context: Context, keyMask?: Tensor): Tensor {
    // [batch, tokens, 3 width] -> three of [batch, tokens, width]
    const inputs = this.inputs.forward(x);
    const part = (i: number) =>
      sliceAxis(inputs, -1, i * this.width, (i + 1) * this.width);
    const y = attention(part(0), part(1), part(2), {
      heads: this.heads,
      keyMask,
      dropout: context.training
        ? { rate: this.dropoutRate, random: context.random }
        : undefined,
    });
    return this.output.forward(y);
  }
}
