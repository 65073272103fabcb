import {
  child,
  layerNorm,
  linear,
  type NaiveImages,
  type Weights,
} from "./naive.ts";
import {
  type NaiveDropout,
  type NaiveSizes,
  transformerLayer,
} from "./naive_transformer.ts";

/** How tokens attend to each other: the sizes of a transformer, its dropout, and the tokens that may be seen. */
export interface NaiveAttention extends NaiveSizes {
  readonly layers: number;
  readonly dropout?: NaiveDropout;
  /** `[batch, tokens]`, 1 where a token may be attended to. */
  readonly visible?: ArrayLike<number>;
}

/** Layers one after another, and a normalisation: `[batch, tokens, width]` -> the same shape. */
export function transformer(
  x: Float64Array,
  weights: Weights,
  attention: NaiveAttention,
): Float64Array {
  const { layers, visible, dropout } = attention;
  for (let i = 0; i < layers; i++) {
    const of = child(weights, `layers.${i}`);
    x = transformerLayer(x, of, attention, visible, dropout);
  }
  return layerNorm(x, child(weights, "norm"));
}

/** The mean of each map: `[n, height, width, channels]` -> `[n, channels]` */
export function averagePool(maps: NaiveImages): Float64Array {
  const { n, channels, height, width } = maps;
  const pooled = new Float64Array(n * channels);
  maps.data.forEach((value, i) => {
    const map = Math.floor(i / (height * width * channels));
    pooled[map * channels + i % channels] += value / (height * width);
  });
  return pooled;
}

/** Section 3.4: each visible patch adds to all cells of its map what it learnt from the visible patches. */
export function attentionExchange(
  maps: NaiveImages,
  weights: Weights,
  attention: NaiveAttention,
): NaiveImages {
  const { tokens: patches, width, visible } = attention;
  const positions = weights("positions");
  const tokens = linear(averagePool(maps), child(weights, "input")).map((
    value,
    i,
  ) => value + positions[i % (patches * width)]);
  const added = linear(
    transformer(tokens, child(weights, "transformer"), attention),
    child(weights, "output"),
  );
  const { channels } = maps;
  const data = maps.data.map((value, i) => {
    const patch = Math.floor(i / (maps.height * maps.width * channels));
    const isMasked = visible?.[patch] === 0;
    return isMasked ? value : value + added[patch * channels + i % channels];
  });
  return { ...maps, data };
}

/** Puts a token before those of each image, or after them: `[n, tokens, width]` -> `[n, tokens + 1, width]` */
export function withToken(
  x: Float64Array,
  token: Float64Array,
  tokens: number,
  place: "first" | "last",
): Float64Array {
  const size = tokens * token.length;
  const images = Array.from(
    { length: x.length / size },
    (_, i) => [...x.subarray(i * size, (i + 1) * size)],
  );
  return Float64Array.from(
    images.flatMap((image) =>
      place === "first" ? [...token, ...image] : [...image, ...token]
    ),
  );
}

/** One token of each image: `[n, tokens, width]` -> `[n, width]` */
export function tokenAt(
  x: Float64Array,
  { tokens, width }: NaiveSizes,
  place: number,
): Float64Array {
  return x.filter((_, i) => Math.floor(i / width) % tokens === place);
}

/** Section 3.1: the output at u0, which attends to the visible patches. `tokens` counts the patches. */
export function attentionPooling(
  x: Float64Array,
  weights: Weights,
  attention: NaiveAttention,
): Float64Array {
  const { tokens, visible } = attention;
  const all = {
    ...attention,
    tokens: tokens + 1,
    visible: visible &&
      withToken(
        Float64Array.from(visible),
        Float64Array.of(1),
        tokens,
        "first",
      ),
  };
  const y = transformer(
    withToken(x, weights("start"), tokens, "first"),
    child(weights, "transformer"),
    all,
  );
  return tokenAt(y, all, 0);
}

/** Rows of a width, each divided by its length. */
export function unitRows(x: Float64Array, width: number): Float64Array {
  return x.map((value, i) => {
    const start = i - i % width;
    return value / Math.hypot(...x.subarray(start, start + width));
  });
}
