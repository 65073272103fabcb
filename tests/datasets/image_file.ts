import {
  initializeImageMagick,
  MagickFormat,
  MagickImage,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";

const wasm = new URL(
  import.meta.resolve("@imagemagick/magick-wasm/magick.wasm"),
);
await initializeImageMagick(Deno.readFileSync(wasm));

/** Colour of a pixel: red, green, blue and, if given, opacity, 0 to 255. */
export type Pixel = readonly [number, number, number, number?];

/** An image file of the pixels that `colorAt` gives, of colours that an ICC profile may define. */
export function imageFile(
  format: MagickFormat,
  width: number,
  height: number,
  colorAt: (x: number, y: number) => Pixel,
  profile?: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [red, green, blue, opacity = 255] = colorAt(x, y);
      pixels.set([red, green, blue, opacity], 4 * (y * width + x));
    }
  }
  const image = MagickImage.create();
  try {
    image.read(
      pixels,
      new MagickReadSettings({ format: MagickFormat.Rgba, width, height }),
    );
    image.quality = format === "AVIF" ? 99 : 100;
    if (profile) image.setProfile("icc", profile);
    return image.write(format, (file) => file.slice());
  } finally {
    image.dispose();
  }
}

/** The JPEG with a tag saying in which of the 8 ways (EXIF 2.3) to turn it. */
export function withOrientation(
  jpeg: Uint8Array,
  orientation: number,
): Uint8Array<ArrayBuffer> {
  // deno-fmt-ignore
  const exif = [
    0xff, 0xe1, 0, 34, ...new TextEncoder().encode("Exif\0\0MM\0*"), 0, 0, 0, 8,
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
  ];
  return Uint8Array.of(...jpeg.subarray(0, 2), ...exif, ...jpeg.subarray(2));
}
