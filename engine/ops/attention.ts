import { checkShape, sameShape, type Tensor } from "../graph/tensor.ts";
import { multiply, select } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { permute, reshape } from "./movement.ts";
import { softmax } from "./normalization.ts";
import { dropout, type RandomSource } from "./random.ts";

/** Settings of {@linkcode attention}. */
export interface AttentionOptions {
  /** Number of heads; divides the width. */
  readonly heads: number;
  /** `[batch, keys]`: 1 where a token may be attended to, 0 where it is hidden. */
  readonly keyMask?: Tensor;
  /** Probability of dropping an attention weight. */
  readonly dropout?: { readonly rate: number; readonly random: RandomSource };
}

/**
 * Scaled dot-product attention with several heads (Vaswani et al. 2017).
 *
 * @param query `[batch, queries, width]`
 * @param key `[batch, keys, width]`
 * @param value `[batch, keys, width]`
 * @returns `[batch, queries, width]`. Where all keys are hidden, the mean of the values.
 * @throws {RangeError} if the shapes do not fit, or the heads do not divide the width.
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions,
): Tensor {
  const { heads, keyMask } = options;
  const [batch, queries, width] = query.shape;
  const keys = key.shape[1];
  if (
    query.shape.length !== 3 || !sameShape(key.shape, [batch, keys, width]) ||
    !sameShape(value.shape, key.shape)
  ) {
    throw new RangeError(
      `attention needs query, key and value of [batch, tokens, width], not [${query.shape}], [${key.shape}] and [${value.shape}]`,
    );
  }
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw new RangeError(`${heads} heads do not divide a width of ${width}`);
  }
  if (keyMask) checkShape(keyMask, [batch, keys], "attention: the key mask");
  // [batch, tokens, width] -> [batch, heads, tokens, width / heads]
  const split = (x: Tensor) =>
    permute(reshape(x, [batch, -1, heads, width / heads]), [0, 2, 1, 3]);
  // [batch, heads, queries, keys]
  let scores = multiply(
    matmul(split(query), split(key), { transposeB: true }),
    1 / Math.sqrt(width / heads),
  );
  if (keyMask) {
    // finite, so that a row without any visible key gives no NaN
    scores = select(reshape(keyMask, [batch, 1, 1, keys]), scores, -1e30);
  }
  let weights = softmax(scores);
  if (options.dropout) {
    weights = dropout(weights, options.dropout.rate, options.dropout.random);
  }
  // [batch, heads, queries, width / heads] -> [batch, queries, width]
  return reshape(permute(matmul(weights, split(value)), [0, 2, 1, 3]), [
    batch,
    queries,
    width,
  ]);
}
