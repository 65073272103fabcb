import type { NaiveRandom } from "../../layers/naive_random.ts";
import type { NaiveImage } from "./naive_image.ts";

type Color = readonly number[];

/** Changes the colour of each pixel. */
function mapPixels(
  { size, pixels }: NaiveImage,
  change: (color: Color) => Color,
): NaiveImage {
  const changed = new Float64Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    changed.set(change([...pixels.subarray(i, i + 3)]), i);
  }
  return { size, pixels: changed };
}

/** The luma that Pillow's mode `L` and torchvision's `rgb_to_grayscale` have. */
function luma([red, green, blue]: Color): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** torchvision's `_blend`: the image times `factor` plus another colour times the rest. */
function blend(color: Color, other: number, factor: number): Color {
  return color.map((value) =>
    Math.min(Math.max(factor * value + (1 - factor) * other, 0), 1)
  );
}

/** torchvision's `adjust_brightness`: blends with black. */
function adjustBrightness(
  image: NaiveImage,
  factor: number,
): NaiveImage {
  return mapPixels(image, (color) => blend(color, 0, factor));
}

/** torchvision's `adjust_contrast`: blends with the mean of the grey image. */
function adjustContrast(image: NaiveImage, factor: number): NaiveImage {
  const grey = greyscale(image).pixels;
  const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  return mapPixels(image, (color) => blend(color, mean, factor));
}

/** torchvision's `adjust_saturation`: blends with the grey image. */
function adjustSaturation(
  image: NaiveImage,
  factor: number,
): NaiveImage {
  return mapPixels(image, (color) => blend(color, luma(color), factor));
}

/** torchvision's `adjust_hue`: turns the hue in HSV by a part of the circle. */
function adjustHue(image: NaiveImage, turn: number): NaiveImage {
  return mapPixels(image, (color) => {
    const [hue, saturation, value] = hsv(color);
    return rgb([hue + turn - Math.floor(hue + turn), saturation, value]);
  });
}

/** Hue, saturation and value, each 0 to 1. */
function hsv(color: Color): Color {
  const [red, green, blue] = color;
  const value = Math.max(...color);
  const range = value - Math.min(...color);
  if (range === 0) return [0, 0, value];
  const sixths = value === red
    ? (green - blue) / range
    : value === green
    ? 2 + (blue - red) / range
    : 4 + (red - green) / range;
  return [(sixths / 6 + 1) % 1, range / value, value];
}

/** The inverse of `hsv`, sector by sector. */
function rgb([hue, saturation, value]: Color): Color {
  const sector = Math.floor(6 * hue);
  const fraction = 6 * hue - sector;
  const p = value * (1 - saturation);
  const q = value * (1 - saturation * fraction);
  const t = value * (1 - saturation * (1 - fraction));
  return [
    [value, t, p],
    [q, value, p],
    [p, value, t],
    [p, q, value],
    [t, p, value],
    [value, p, q],
  ][sector % 6];
}

/** Every pixel's luma in all three channels. */
function greyscale(image: NaiveImage): NaiveImage {
  return mapPixels(image, (color) => Array(3).fill(luma(color)));
}

/**
 * `RandomApply([ColorJitter(0.4, 0.4, 0.4, 0.2)], p=0.8)` and `RandomGrayscale(p=0.25)` of
 * torchvision, with the random numbers in the order in which the device draws them.
 */
export function jitter(
  images: readonly NaiveImage[],
  random: NaiveRandom,
): NaiveImage[] {
  const n = images.length;
  const applied = random.uniform(n);
  const strengths = [0.4, 0.4, 0.4, 0.2].map((strength) =>
    random.uniform(n).map((value) => (2 * value - 1) * strength)
  );
  const keys = random.uniform(n * 4);
  const grey = random.uniform(n);
  return images.map((image, i) => {
    const [brightness, contrast, saturation, hue] = strengths.map((draws) =>
      draws[i]
    );
    const changes = [
      (image: NaiveImage) => adjustBrightness(image, 1 + brightness),
      (image: NaiveImage) => adjustContrast(image, 1 + contrast),
      (image: NaiveImage) => adjustSaturation(image, 1 + saturation),
      (image: NaiveImage) => adjustHue(image, hue),
    ];
    const order = [0, 1, 2, 3].sort((a, b) =>
      keys[i * 4 + a] - keys[i * 4 + b]
    );
    const jittered = applied[i] < 0.8
      ? order.reduce((image, change) => changes[change](image), image)
      : image;
    return grey[i] < 0.25 ? greyscale(jittered) : jittered;
  });
}
