import { assertEquals, assertRejects } from "@std/assert";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import { imageBatches } from "../../../train/evaluate/image_batches.ts";

/** Images of one pixel: the `i`-th is `i` in all planes. */
const dataset = new MemoryImages(
  Uint8Array.from({ length: 30 }, (_, i) => Math.floor(i / 3)),
  1,
);
const selection = { dataset, positions: Uint32Array.of(7, 1, 4, 9, 2) };

Deno.test("imageBatches: reads what is selected in order, and fills the last batch with its first image", async () => {
  const batches = await Array.fromAsync(imageBatches(selection, 2));
  assertEquals(
    batches.map(({ start, count, images }) => [
      start,
      count,
      ...images.filter((_, i) => i % 3 === 0),
    ]),
    [[0, 2, 7, 1], [2, 2, 4, 9], [4, 1, 2, 2]],
  );
});

Deno.test("imageBatches: stops between two batches, with the reason of its signal", async () => {
  const controller = new AbortController();
  const read: number[] = [];
  const readAll = async () => {
    const batches = imageBatches(selection, 2, controller.signal);
    for await (const { start } of batches) {
      read.push(start);
      if (start === 2) controller.abort(new Error("enough"));
    }
  };
  await assertRejects(readAll, Error, "enough");
  assertEquals(read, [0, 2]);
});
