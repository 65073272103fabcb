import { erf } from "../engine/reference.ts";
import { recordKink } from "./kinks.ts";

/** The layers in float64, each written as plainly as its definition: what the real ones are compared with. */

/** Parameters by name. */
export type Weights = (name: string) => Float64Array;

/** The parameters of a child. */
export function child(weights: Weights, path: string): Weights {
  return (name) => weights(`${path}.${name}`);
}

/** NHWC. */
export interface NaiveImages {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float64Array;
}

export const relu = (x: Float64Array): Float64Array => {
  x.forEach(recordKink);
  return x.map((value) => Math.max(value, 0));
};

export const gelu = (x: Float64Array): Float64Array =>
  x.map((value) => value * (1 + erf(value / Math.SQRT2)) / 2);

export const sum = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, i) => value + b[i]);

/** Rows of as many values as there are columns in `weight`, each times `weight`, plus the bias. */
export function linear(x: Float64Array, weights: Weights): Float64Array {
  const [weight, bias] = [weights("weight"), weights("bias")];
  const outputs = bias.length;
  const inputs = weight.length / outputs;
  const y = new Float64Array(x.length / inputs * outputs);
  for (let row = 0; row < x.length / inputs; row++) {
    for (let o = 0; o < outputs; o++) {
      let value = bias[o];
      for (let i = 0; i < inputs; i++) {
        value += x[row * inputs + i] * weight[i * outputs + o];
      }
      y[row * outputs + o] = value;
    }
  }
  return y;
}

/** Output height and width of a window. */
function reduced(
  { height, width }: NaiveImages,
  size: number,
  stride: number,
  padding: number,
): [number, number] {
  const along = (extent: number) =>
    Math.floor((extent + 2 * padding - size) / stride) + 1;
  return [along(height), along(width)];
}

/** Calls `visit` with each pair of an output pixel and an input pixel below its window. */
function eachTap(
  images: NaiveImages,
  { size, stride, padding }: { size: number; stride: number; padding: number },
  visit: (output: number, input: number, tap: number) => void,
): void {
  const [rows, columns] = reduced(images, size, stride, padding);
  for (let image = 0; image < images.n; image++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const y = row * stride + i - padding;
            const x = column * stride + j - padding;
            if (y < 0 || y >= images.height) continue;
            if (x < 0 || x >= images.width) continue;
            visit(
              (image * rows + row) * columns + column,
              (image * images.height + y) * images.width + x,
              i * size + j,
            );
          }
        }
      }
    }
  }
}

/** Convolution with a weight `[size, size, inputs, outputs]`, padded by half the window. */
export function convolve(
  images: NaiveImages,
  weight: Float64Array,
  size: number,
  stride = 1,
): NaiveImages {
  const inputs = images.channels;
  const outputs = weight.length / (size * size * inputs);
  const padding = (size - 1) / 2;
  const [height, width] = reduced(images, size, stride, padding);
  const data = new Float64Array(images.n * height * width * outputs);
  eachTap(images, { size, stride, padding }, (output, input, tap) => {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        data[output * outputs + o] += images.data[input * inputs + i] *
          weight[(tap * inputs + i) * outputs + o];
      }
    }
  });
  return { n: images.n, height, width, channels: outputs, data };
}

/** Maximum of 3x3 windows, stride 2, padded by 1. */
export function maxPool(images: NaiveImages): NaiveImages {
  const window = { size: 3, stride: 2, padding: 1 };
  const { n, channels } = images;
  const [height, width] = reduced(images, 3, 2, 1);
  const data = new Float64Array(n * height * width * channels).fill(-Infinity);
  const second = data.slice();
  eachTap(images, window, (output, input) => {
    for (let c = 0; c < channels; c++) {
      const place = output * channels + c;
      const value = images.data[input * channels + c];
      second[place] = Math.max(second[place], Math.min(data[place], value));
      data[place] = Math.max(data[place], value);
    }
  });
  data.forEach((value, place) => recordKink(value - second[place]));
  return { n, height, width, channels, data };
}

/** Mean and biased variance of each channel. */
export function channelStatistics(
  x: Float64Array,
  channels: number,
): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  const count = x.length / channels;
  x.forEach((value, i) => mean[i % channels] += value / count);
  x.forEach((value, i) => {
    variance[i % channels] += (value - mean[i % channels]) ** 2 / count;
  });
  return { mean, variance };
}

/** Batch normalisation, with the statistics of the batch unless others are given. */
export function batchNorm(
  x: Float64Array,
  weights: Weights,
  statistics?: { mean: ArrayLike<number>; variance: ArrayLike<number> },
): Float64Array {
  const [scale, shift] = [weights("scale"), weights("shift")];
  const channels = scale.length;
  const { mean, variance } = statistics ?? channelStatistics(x, channels);
  return x.map((value, i) => {
    const c = i % channels;
    const normalized = (value - mean[c]) / Math.sqrt(variance[c] + 1e-5);
    return normalized * scale[c] + shift[c];
  });
}

/** Layer normalisation of rows. */
export function layerNorm(x: Float64Array, weights: Weights): Float64Array {
  const [scale, shift] = [weights("scale"), weights("shift")];
  const width = scale.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = x.subarray(start, start + width);
    const { mean: [mean], variance: [variance] } = channelStatistics(row, 1);
    row.forEach((value, i) => {
      y[start + i] = (value - mean) / Math.sqrt(variance + 1e-5) * scale[i] +
        shift[i];
    });
  }
  return y;
}
