import { assert, assertEquals } from "@std/assert";
import { MagickImage } from "@imagemagick/magick-wasm";
import { loadImageMagick } from "../../../datasets/load_image_magick.ts";
import {
  blank,
  dataUri,
  image,
  patchOf,
  type Picture,
} from "../../../train/report/picture.ts";

await loadImageMagick();

/** A picture in which every value says where it is. */
function gradient(size: number): Picture {
  const pixels = Uint8Array.from({ length: 3 * size * size }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [x, y] = [pixel % size, Math.floor(pixel / size)];
    return Math.round(
      255 * [x / size, y / size, (x + y) / (2 * size)][channel],
    );
  });
  return { size, pixels };
}

/** Decodes the picture in an address. */
function decode(uri: string): Picture {
  const [kind, data] = uri.split(",");
  assertEquals(kind, "data:image/webp;base64");
  const image = MagickImage.create();
  try {
    image.read(Uint8Array.fromBase64(data));
    const { width: size, height } = image;
    assertEquals(height, size);
    const pixels = image.getPixels((area) =>
      area.toByteArray(0, 0, size, size, "RGB")
    )!;
    return { size, pixels: Uint8Array.from(pixels) };
  } finally {
    image.dispose();
  }
}

function largestDifference(a: Picture, b: Picture): number {
  assertEquals(a.size, b.size);
  return Math.max(...a.pixels.map((value, i) => Math.abs(value - b.pixels[i])));
}

Deno.test("dataUri: holds the picture, and a large one made smaller", () => {
  const small = gradient(32);
  assert(largestDifference(decode(dataUri(small)), small) < 24);
  assert(largestDifference(decode(dataUri(gradient(192))), gradient(96)) < 24);
});

Deno.test("patchOf: cuts the patch of a row-major grid", () => {
  const { pixels } = patchOf(gradient(6), 3, 5);
  const expected = [[4, 2], [5, 2], [4, 3], [5, 3]].flatMap(([x, y]) => {
    const start = 3 * (6 * y + x);
    return [...gradient(6).pixels.slice(start, start + 3)];
  });
  assertEquals([...pixels], expected);
});

Deno.test("blank: paints patches and leaves the rest, and the picture itself, as they are", () => {
  const picture = gradient(6);
  const painted = blank(picture, 3, new Map([[0, [1, 2, 3]], [5, [4, 5, 6]]]));
  assertEquals(picture, gradient(6));
  for (let location = 0; location < 9; location++) {
    const { pixels } = patchOf(painted, 3, location);
    const colour = location === 0 ? [1, 2, 3] : location === 5 ? [4, 5, 6] : [];
    assertEquals(
      [...pixels],
      colour.length > 0
        ? [...colour, ...colour, ...colour, ...colour]
        : [...patchOf(picture, 3, location).pixels],
    );
  }
});

Deno.test("image: says what it shows, and is not blurred where it is small", () => {
  const { markup } = image(gradient(8), `a "cat"`, "photo");
  assert(markup.includes(`alt="a &quot;cat&quot;"`), markup);
  assert(markup.includes(`class="sharp photo"`), markup);
  assert(!image(gradient(64), "a cat").markup.includes("sharp"));
});
