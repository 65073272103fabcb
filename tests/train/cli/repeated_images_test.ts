import { assertEquals } from "@std/assert";
import { repeatedImages } from "../../../train/cli/repeated_images.ts";

Deno.test("repeatedImages: proposes the largest batch in which no image is twice", () => {
  const config = { batchSize: 32, views: 1 };
  assertEquals(repeatedImages(config, 32), undefined);
  assertEquals(
    repeatedImages(config, 20),
    "a step takes 32 images, but there are only 20: copies of an image count as wrong answers; " +
      "take more images, or start with --set batchSize=20",
  );
  const views = { batchSize: 32, views: 4 };
  assertEquals(repeatedImages(views, 8), undefined);
  assertEquals(
    repeatedImages(views, 7),
    "a step takes 8 images in 4 views, but there are only 7: copies of an image count as wrong answers; " +
      "take more images, or start with --set batchSize=28",
  );
});

Deno.test("repeatedImages: of a single image it says that there is no other to tell it from, whatever the batch", () => {
  for (const batchSize of [1, 32]) {
    assertEquals(
      repeatedImages({ batchSize, views: 1 }, 1),
      "there is one image only, and no other to tell it from; take more images",
    );
  }
});
