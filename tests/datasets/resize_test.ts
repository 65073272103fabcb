import { assert, assertEquals, assertThrows } from "@std/assert";
import { ImageDecoder } from "../../datasets/image_decoder.ts";
import { squarePlanes } from "../../datasets/resize.ts";
import { randomArray, testWithSeed } from "../random.ts";
import { imageFile, type Pixel } from "./image_file.ts";

testWithSeed(
  "squarePlanes: is what the decoder of image files makes of the same pixels",
  async () => {
    const sizes = [[37, 53], [16, 16], [20, 9], [7, 7], [101, 64], [1, 3]];
    const [a, b, c] = randomArray(3, 1, 50).map(Math.round);
    using decoder = new ImageDecoder(16);
    for (const [width, height] of sizes) {
      const colorAt = (x: number, y: number): Pixel => [
        (a * x + b * y) % 256,
        (x * x + c * y) % 256,
        (x * a ^ y * c) % 256,
        y % 3 === 0 ? 255 : 200,
      ];
      const file = imageFile("PNG", width, height, colorAt);
      const data = new Uint8ClampedArray(4 * width * height);
      for (let i = 0; i < width * height; i++) {
        const pixel = colorAt(i % width, Math.floor(i / width));
        data.set(pixel.map(Number), 4 * i);
      }
      const planes = squarePlanes({ data, width, height }, 16);
      await decoder.decode([file], (_, reply) => {
        assert("pixels" in reply, JSON.stringify(reply));
        const differences = planes.map((value, i) =>
          Math.abs(value - reply.pixels[i])
        );
        // both round to whole numbers on the way
        assert(Math.max(...differences) <= 2, `${width}x${height}`);
      });
    }
  },
);

Deno.test("squarePlanes: keeps the middle of a picture of the right size as it is", () => {
  const data = Uint8Array.from(
    { length: 4 * 3 * 2 },
    (_, i) => i % 4 === 3 ? 255 : i,
  );
  // columns 0 and 1 of three
  assertEquals(
    [...squarePlanes({ data, width: 3, height: 2 }, 2)],
    [0, 4, 12, 16, 1, 5, 13, 17, 2, 6, 14, 18],
  );
});

Deno.test("squarePlanes: refuses pixels that are not as many as the size says", () => {
  const data = new Uint8Array(15);
  assertThrows(
    () => squarePlanes({ data, width: 2, height: 2 }, 8),
    RangeError,
    "a picture of 2x2 pixels needs 16 bytes of RGBA, not 15",
  );
  assertThrows(
    () => squarePlanes({ data: data.subarray(0, 0), width: 0, height: 5 }, 8),
    RangeError,
  );
});
