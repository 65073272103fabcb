import { assertEquals, assertRejects } from "@std/assert";
import { squarePlanes } from "../../../datasets/resize.ts";
import { UserError } from "../../../engine/user_error.ts";
import { CanvasDecoder } from "../../../train/export/canvas_decoder.ts";
import { imageFile } from "../../datasets/image_file.ts";

/** Stands for the canvas of a browser, which Deno lacks: it holds the pixels that the test says are drawn. */
function withCanvas(
  data: Uint8ClampedArray<ArrayBuffer>,
  test: () => Promise<void>,
): Promise<void> {
  const { OffscreenCanvas } = globalThis;
  class Canvas {
    constructor(readonly width: number, readonly height: number) {}
    getContext() {
      const { width, height } = this;
      return {
        drawImage: () => {},
        getImageData: () => ({ data, width, height }),
      };
    }
  }
  Object.assign(globalThis, { OffscreenCanvas: Canvas });
  return test().finally(() => Object.assign(globalThis, { OffscreenCanvas }));
}

Deno.test("CanvasDecoder: makes squares of the pixels of a canvas of the picture's size", () => {
  const [width, height] = [9, 6];
  const file = imageFile("PNG", width, height, (x, y) => [20 * x, 30 * y, 0]);
  const data = Uint8ClampedArray.from(
    { length: 4 * width * height },
    (_, i) => i % 4 === 3 ? 255 : i % 251,
  );
  const expected = squarePlanes({ data, width, height }, 8);
  return withCanvas(data, async () => {
    const url = `data:image/png;base64,${file.toBase64()}`;
    const pictures = [file, new Blob([file]), url, new URL(url)];
    assertEquals(
      await new CanvasDecoder().decode(pictures, 8),
      pictures.map(() => expected),
    );
  });
});

Deno.test("CanvasDecoder: names the picture that cannot be decoded", async () => {
  const decoder = new CanvasDecoder();
  const broken = new Uint8Array(20);
  await assertRejects(
    () => decoder.decode([broken], 8),
    UserError,
    "cannot decode picture 0: ",
  );
  const url = "data:image/png;base64,AAAA";
  await assertRejects(
    () => decoder.decode([url], 8),
    UserError,
    `cannot decode ${url}: `,
  );
  await assertRejects(
    () => decoder.decode([new File([broken], "cat.png")], 8),
    UserError,
    "cannot decode cat.png: ",
  );
});
