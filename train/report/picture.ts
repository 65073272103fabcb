import {
  MagickFormat,
  MagickImage,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import { type Html, html } from "./html.ts";

/** Larger pictures are made smaller. */
const MAX_PIXELS = 96;
/** Of 100; artefacts would be large where a picture has few pixels. */
const QUALITY = 90;
/** Pictures with fewer pixels are enlarged without blurring them. */
const MIN_SMOOTH = 64;

/** A square picture. */
export interface Picture {
  /** Height and width in pixels. */
  readonly size: number;
  /** `[size, size, 3]`: red, green and blue of each pixel. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/** An `<img>` with the picture in itself; ImageMagick must have been loaded. */
export function image(picture: Picture, alt: string, className = ""): Html {
  const sharp = picture.size < MIN_SMOOTH ? "sharp" : "";
  return html`
    <img class="${sharp} ${className}" src="${dataUri(picture)}" alt="${alt}"
      loading="lazy">
  `;
}

/** The picture as a WebP file in an address. */
export function dataUri({ size, pixels }: Picture): string {
  const image = MagickImage.create();
  try {
    image.read(
      pixels,
      new MagickReadSettings({
        format: MagickFormat.Rgb,
        width: size,
        height: size,
        depth: 8,
      }),
    );
    const shown = Math.min(size, MAX_PIXELS);
    if (shown < size) image.resize(shown, shown);
    image.quality = QUALITY;
    const file = image.write(MagickFormat.WebP, (bytes) => bytes.toBase64());
    return `data:image/webp;base64,${file}`;
  } finally {
    image.dispose();
  }
}

/** The patch at a location of a row-major grid. */
export function patchOf(
  { size, pixels }: Picture,
  grid: number,
  location: number,
): Picture {
  const side = size / grid;
  const patch = new Uint8Array(3 * side * side);
  for (let row = 0; row < side; row++) {
    const start = startOf(size, grid, location, row);
    patch.set(pixels.subarray(start, start + 3 * side), 3 * row * side);
  }
  return { size: side, pixels: patch };
}

/** The picture with one colour in place of the patches at some locations. */
export function blank(
  { size, pixels }: Picture,
  grid: number,
  colours: ReadonlyMap<number, readonly [number, number, number]>,
): Picture {
  const side = size / grid;
  const blanked = pixels.slice();
  for (const [location, colour] of colours) {
    for (let row = 0; row < side; row++) {
      const start = startOf(size, grid, location, row);
      for (let i = 0; i < 3 * side; i++) blanked[start + i] = colour[i % 3];
    }
  }
  return { size, pixels: blanked };
}

/** Where a row of a patch begins among the values of a picture. */
function startOf(
  size: number,
  grid: number,
  location: number,
  row: number,
): number {
  const side = size / grid;
  const top = Math.floor(location / grid) * side + row;
  const left = (location % grid) * side;
  return 3 * (top * size + left);
}
