import {
  batchNorm,
  child,
  convolve,
  type NaiveImages,
  relu,
  type Weights,
} from "./naive.ts";
import {
  attentionExchange,
  averagePool,
  type NaiveAttention,
} from "./naive_attention.ts";
import type { NaiveDropout } from "./naive_transformer.ts";
import { basic, block } from "./naive_resnet.ts";

/** The small stem of a residual network. */
const stem = (images: NaiveImages, encoder: Weights): NaiveImages =>
  convolve(images, encoder("stem.weight"), 3);

/** A group of a ResNet-18 so narrow that the number of channels changes only where the stride is 2. */
function group(
  x: NaiveImages,
  encoder: Weights,
  index: number,
): NaiveImages {
  for (let i = 0; i < 2; i++) {
    const shrinks = index > 0 && i === 0;
    const of = child(encoder, `groups.${index}.${i}`);
    x = block(x, of, basic(shrinks ? 2 : 1), shrinks);
  }
  return x;
}

/** Normalised, pooled features of the last maps. */
function features(
  maps: NaiveImages,
  weights: Weights,
  dropout: NaiveDropout,
): Float64Array {
  const data = relu(batchNorm(maps.data, child(weights, "norm")));
  return dropout.random.dropout(averagePool({ ...maps, data }), dropout.rate);
}

/** Patches in row-major order, pixel by pixel. */
export function splitPatches(images: NaiveImages, grid: number): NaiveImages {
  const { n, channels } = images;
  const [height, width] = [images.height / grid, images.width / grid];
  const patches = {
    n: n * grid * grid,
    height,
    width,
    channels,
    data: new Float64Array(images.data.length),
  };
  images.data.forEach((value, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    const x = pixel % images.width;
    const y = Math.floor(pixel / images.width) % images.height;
    const image = Math.floor(pixel / (images.width * images.height));
    const patch = (image * grid + Math.floor(y / height)) * grid +
      Math.floor(x / width);
    const place = (patch * height + y % height) * width + x % width;
    patches.data[place * channels + channel] = value;
  });
  return patches;
}

/** The patch path of a ResNet-18: its weights, and what patches tell each other after each group. */
export interface NaivePatchNetwork {
  /** Parameters of the encoder. */
  readonly encoder: Weights;
  /** The path's own parameters. */
  readonly weights: Weights;
  readonly grid: number;
  readonly dropout: NaiveDropout;
  /** Attention after each group, where there is one. */
  readonly exchanges?: readonly (NaiveAttention | undefined)[];
}

/** Three groups on every patch, with the exchanges between them: P, `[n * patches, features]`. */
export function patchNetwork(
  images: NaiveImages,
  { encoder, weights, grid, dropout, exchanges }: NaivePatchNetwork,
): Float64Array {
  let y = stem(splitPatches(images, grid), encoder);
  for (let i = 0; i < 3; i++) {
    y = group(y, encoder, i);
    const exchange = exchanges?.[i];
    if (exchange) {
      y = attentionExchange(y, child(weights, `exchanges.${i}`), exchange);
    }
  }
  return features(y, weights, dropout);
}

/** Four groups on the whole image: I, `[n, features]`. */
export function imageNetwork(
  images: NaiveImages,
  encoder: Weights,
  weights: Weights,
  dropout: NaiveDropout,
): Float64Array {
  let y = stem(images, encoder);
  for (let i = 0; i < 4; i++) y = group(y, encoder, i);
  return features(y, weights, dropout);
}
