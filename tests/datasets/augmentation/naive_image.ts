/** A square image in float64: `[size, size, 3]`, 0 to 1. */
export interface NaiveImage {
  readonly size: number;
  readonly pixels: Float64Array;
}

/** An image whose values are a function of row, column and channel. */
export function makeImage(
  size: number,
  value: (row: number, column: number, channel: number) => number,
): NaiveImage {
  const pixels = new Float64Array(size * size * 3);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = Math.floor(i / 3);
    pixels[i] = value(Math.floor(pixel / size), pixel % size, i % 3);
  }
  return { size, pixels };
}

/** A value of an image. */
export function at(
  { size, pixels }: NaiveImage,
  row: number,
  column: number,
  channel: number,
): number {
  return pixels[(row * size + column) * 3 + channel];
}

/** `[n, 3, size, size]` bytes -> n images. */
export function imagesOf(bytes: Uint8Array, size: number): NaiveImage[] {
  return Array.from(
    { length: bytes.length / (3 * size * size) },
    (_, i) =>
      makeImage(
        size,
        (row, column, channel) =>
          bytes[((i * 3 + channel) * size + row) * size + column] / 255,
      ),
  );
}

/** Left and right exchanged. */
export function mirror(image: NaiveImage): NaiveImage {
  const { size } = image;
  return makeImage(
    size,
    (row, column, channel) => at(image, row, size - 1 - column, channel),
  );
}

/** Moved by whole pixels; what is missing is reflected, the pixels at the edge not repeated. */
export function translate(
  image: NaiveImage,
  down: number,
  right: number,
): NaiveImage {
  const last = image.size - 1;
  const reflect = (position: number) =>
    position < 0 ? -position : position > last ? 2 * last - position : position;
  return makeImage(
    image.size,
    (row, column, channel) =>
      at(image, reflect(row - down), reflect(column - right), channel),
  );
}

/** The pixels of a smaller square. */
export function crop(
  image: NaiveImage,
  top: number,
  left: number,
  size: number,
): NaiveImage {
  return makeImage(
    size,
    (row, column, channel) => at(image, top + row, left + column, channel),
  );
}

/** A part of an image, in whole pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Cuts out a box and resizes it to `size` by `size`, bicubic. */
export function resize(
  image: NaiveImage,
  { top, left, height, width }: Box,
  size: number,
): NaiveImage {
  const rows = bicubicWeights(height, size);
  const columns = bicubicWeights(width, size);
  return makeImage(size, (row, column, channel) => {
    let value = 0;
    rows[row].forEach((vertical, y) => {
      if (vertical === 0) return;
      columns[column].forEach((horizontal, x) =>
        value += vertical * horizontal * at(image, top + y, left + x, channel)
      );
    });
    return Math.min(Math.max(value, 0), 1);
  });
}

/** How much each of `length` pixels weighs in each of `out`, as in Pillow's `Resample.c`. */
export function bicubicWeights(length: number, out: number): number[][] {
  const scale = length / out;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: out }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(center - 2 * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(center + 2 * stretch + 0.5), length);
    const weights = Array.from(
      { length },
      (_, pixel) =>
        pixel < first || pixel >= end
          ? 0
          : cubic((pixel + 0.5 - center) / stretch),
    );
    const total = weights.reduce((sum, weight) => sum + weight);
    return weights.map((weight) => weight / total);
  });
}

/** The cubic convolution of Keys (1981) in Pillow's form. */
function cubic(x: number): number {
  const a = -0.5;
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

/** Mean and deviation of red, green and blue. */
export interface Colors {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Colours of CIFAR-10, by which `translate` normalises. */
export const CIFAR10_COLORS: Colors = {
  mean: [125.3 / 255, 123 / 255, 113.9 / 255],
  deviation: [63 / 255, 62.1 / 255, 66.7 / 255],
};

/** Colours of STL-10, by which `crop` normalises. */
export const STL10_COLORS: Colors = {
  mean: [0.43, 0.42, 0.39],
  deviation: [0.27, 0.26, 0.27],
};

/** The normalised images, one after the other. */
export function normalizeAll(
  images: readonly NaiveImage[],
  { mean, deviation }: Colors,
): number[] {
  return images.flatMap(({ pixels }) =>
    Array.from(pixels, (value, i) => (value - mean[i % 3]) / deviation[i % 3])
  );
}

/** Normalised images, one after the other, as they were before. */
export function denormalizeAll(
  values: ArrayLike<number>,
  size: number,
  { mean, deviation }: Colors,
): NaiveImage[] {
  const length = size * size * 3;
  return Array.from({ length: values.length / length }, (_, i) => ({
    size,
    pixels: Float64Array.from(
      { length },
      (_, j) => values[i * length + j] * deviation[j % 3] + mean[j % 3],
    ),
  }));
}
