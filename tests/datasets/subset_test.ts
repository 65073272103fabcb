import { assertEquals } from "@std/assert";
import { MemoryImages } from "../../datasets/memory_images.ts";
import { Subset } from "../../datasets/subset.ts";
import { randomBytes, testWithSeed } from "../random.ts";

testWithSeed(
  "Subset: reads the images that it names, with labels of its own",
  async () => {
    const images = new MemoryImages(randomBytes(5 * 12), 2);
    const subset = new Subset(images, [4, 0, 4], Uint32Array.of(1, 0, 1), [
      "a",
      "b",
    ]);
    assertEquals([subset.size, subset.imageSize], [3, 2]);
    assertEquals(subset.labels, Uint32Array.of(1, 0, 1));
    assertEquals(await subset.read([2, 1]), await images.read([4, 0]));
  },
);
