/** A picture in memory, as a canvas holds it: an `ImageData` is one. */
export interface PixelImage {
  /** Red, green, blue and opacity of each pixel, 0 to 255, row by row. */
  readonly data: Uint8ClampedArray | Uint8Array;
  /** Pixels in a row. */
  readonly width: number;
  /** Number of rows. */
  readonly height: number;
}

/** How a picture becomes a square, for other programs to repeat. */
export interface Squaring {
  /** The part that is kept. */
  readonly crop: "center";
  /** The filter where it is shrunk: a sinc windowed by its main lobe, three lobes wide. */
  readonly shrink: "lanczos3";
  /** The filter where it is enlarged: the cubic with B = C = 1/3. */
  readonly enlarge: "mitchell";
  /** What shows through transparent pixels. */
  readonly background: "white";
}

/** What {@linkcode squarePlanes} does, as the decoder of image files: ImageMagick's defaults. */
export const SQUARING: Squaring = {
  crop: "center",
  shrink: "lanczos3",
  enlarge: "mitchell",
  background: "white",
};

const CHANNELS = 4;
const WHITE = 255;

/**
 * The central square of a picture, resized as {@linkcode SQUARING} says.
 *
 * @param size Height and width of the result in pixels.
 * @returns `[3, size, size]`: planes red, green, blue.
 * @throws {RangeError} if the picture has no pixels, or another number of bytes than its size says.
 */
export function squarePlanes(
  { data, width, height }: PixelImage,
  size: number,
): Uint8Array<ArrayBuffer> {
  if (width < 1 || height < 1 || data.length !== CHANNELS * width * height) {
    throw new RangeError(
      `a picture of ${width}x${height} pixels needs ${
        CHANNELS * width * height
      } bytes of RGBA, not ${data.length}`,
    );
  }
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const taps = tapsOf(side, size);
  const planes = new Uint8Array(3 * size * size);
  // column by column: as there, columns are resized first, and rounded before the rows
  const square = new Uint8Array(side * side);
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const pixel = CHANNELS * ((top + y) * width + left + x);
        const opacity = data[pixel + 3] / 255;
        square[x * side + y] = Math.round(
          data[pixel + channel] * opacity + WHITE * (1 - opacity),
        );
      }
    }
    // [side, side] -> [size, side] -> [size, size], still column by column
    const resized = resample(resample(square, taps, side), taps, side);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        planes[(channel * size + y) * size + x] = resized[x * size + y];
      }
    }
  }
  return planes;
}

/** The weights of the pixels that make one pixel of the result. */
interface Taps {
  /** The first of these pixels. */
  readonly first: number;
  /** The weight of each; their sum is 1. */
  readonly weights: Float64Array;
}

function tapsOf(length: number, size: number): Taps[] {
  const ratio = length / size;
  const filter = ratio > 1 ? lanczos : mitchell;
  // when shrinking, the filter is widened so that every pixel counts
  const scale = Math.max(ratio, 1);
  const support = filter.support * scale;
  return Array.from({ length: size }, (_, i) => {
    if (ratio === 1) return { first: i, weights: Float64Array.of(1) };
    const center = (i + 0.5) * ratio;
    const first = Math.max(0, Math.floor(center - support + 0.5));
    const end = Math.min(length, Math.floor(center + support + 0.5));
    const weights = Float64Array.from(
      { length: end - first },
      (_, k) => filter.weight((first + k + 0.5 - center) / scale),
    );
    const sum = weights.reduce((a, b) => a + b);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Resamples each row and turns it into a column: `[rows, length]` -> `[taps, rows]` */
function resample(
  source: Uint8Array,
  taps: readonly Taps[],
  length: number,
): Uint8Array {
  const rows = source.length / length;
  // rounds and clamps
  const result = new Uint8ClampedArray(taps.length * rows);
  for (const [i, { first, weights }] of taps.entries()) {
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k] * source[row * length + first + k];
      }
      result[i * rows + row] = sum;
    }
  }
  return new Uint8Array(result.buffer);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Sinc windowed by its own main lobe (Turkowski 1990). */
const lanczos = {
  support: 3,
  weight: (x: number) => Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0,
};

/** The cubic of Mitchell and Netravali (1988), B = C = 1/3. */
const mitchell = {
  support: 2,
  weight: (x: number) => {
    const d = Math.abs(x);
    if (d < 1) return (7 * d ** 3 - 12 * d ** 2 + 16 / 3) / 6;
    if (d < 2) {
      return (-7 / 3 * d ** 3 + 12 * d ** 2 - 20 * d + 32 / 3) / 6;
    }
    return 0;
  },
};
