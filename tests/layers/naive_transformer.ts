import { child, gelu, layerNorm, linear, sum, type Weights } from "./naive.ts";
import type { NaiveRandom } from "./naive_random.ts";

/** Sizes of attention and of a transformer layer. */
export interface NaiveSizes {
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

/** Dropout at a rate, with the numbers to drop by. */
export interface NaiveDropout {
  readonly rate: number;
  readonly random: NaiveRandom;
}

/** Multi-head self-attention over `[batch, tokens, width]`; the mask is `[batch, tokens]`. */
export function selfAttention(
  x: Float64Array,
  weights: Weights,
  { tokens, width, heads }: NaiveSizes,
  mask?: ArrayLike<number>,
  dropout?: NaiveDropout,
): Float64Array {
  const batch = x.length / (tokens * width);
  const depth = width / heads;
  const qkv = linear(x, child(weights, "inputs"));
  // part 0 is the query, 1 the key, 2 the value
  const value = (part: number, b: number, t: number, h: number, i: number) =>
    qkv[(b * tokens + t) * 3 * width + part * width + h * depth + i];
  const weighed = new Float64Array(batch * heads * tokens * tokens);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let query = 0; query < tokens; query++) {
        const scores = Array.from({ length: tokens }, (_, key) => {
          if (mask && mask[b * tokens + key] === 0) return 0;
          let product = 0;
          for (let i = 0; i < depth; i++) {
            product += value(0, b, query, h, i) * value(1, b, key, h, i);
          }
          return Math.exp(product / Math.sqrt(depth));
        });
        const total = scores.reduce((a, b) => a + b);
        const start = ((b * heads + h) * tokens + query) * tokens;
        weighed.set(scores.map((score) => score / total), start);
      }
    }
  }
  const attended = dropout
    ? dropout.random.dropout(weighed, dropout.rate)
    : weighed;
  const y = x.map((_, place) => {
    const [token, feature] = [Math.floor(place / width), place % width];
    const [b, query] = [Math.floor(token / tokens), token % tokens];
    const [h, i] = [Math.floor(feature / depth), feature % depth];
    const start = ((b * heads + h) * tokens + query) * tokens;
    let mixed = 0;
    for (let key = 0; key < tokens; key++) {
      mixed += attended[start + key] * value(2, b, key, h, i);
    }
    return mixed;
  });
  return linear(y, child(weights, "output"));
}

/** Pre-norm transformer layer over `[batch, tokens, width]`. */
export function transformerLayer(
  x: Float64Array,
  weights: Weights,
  sizes: NaiveSizes,
  mask?: ArrayLike<number>,
  dropout?: NaiveDropout,
): Float64Array {
  const drop = (values: Float64Array) =>
    dropout ? dropout.random.dropout(values, dropout.rate) : values;
  const of = (path: string) => child(weights, path);
  const attended = selfAttention(
    layerNorm(x, of("attentionNorm")),
    of("attention"),
    sizes,
    mask,
    dropout,
  );
  const y = sum(x, drop(attended));
  const normalized = layerNorm(y, of("feedForwardNorm"));
  const hidden = drop(gelu(linear(normalized, of("expand"))));
  return sum(y, drop(linear(hidden, of("contract"))));
}
