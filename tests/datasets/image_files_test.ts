import { assertEquals, assertRejects } from "@std/assert";
import { openImageFiles } from "../../datasets/image_files.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile } from "./image_file.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

/** Six noisy images of 20x20. */
function writeImages(folder: TemporaryFolder): string[] {
  return Array.from({ length: 6 }, (_, i) => {
    const noise = () => Math.floor(256 * Math.random());
    const file = imageFile("PNG", 20, 20, () => [noise(), noise(), noise()]);
    folder.write(`${i}.png`, file);
    return `${folder.path}/${i}.png`;
  });
}

Deno.test("openImageFiles: images too many for memory are decoded at every read, to the same bytes", async () => {
  using folder = new TemporaryFolder();
  const paths = writeImages(folder);
  const labels = Uint8Array.of(0, 1, 0, 1, 0, 1);
  const inMemory = await openImageFiles({ paths, labels }, 16);
  const onDisk = await openImageFiles({ paths, labels }, 16, 6 * 768 - 1);
  try {
    assertEquals(onDisk.labels, labels);
    const [first, second] = await Promise.all(
      [[4, 0, 4], [5, 3]].map((some) => onDisk.read(some)),
    );
    assertEquals(first, await inMemory.read([4, 0, 4]));
    assertEquals(second, await inMemory.read([5, 3]));
    for (const path of paths) Deno.removeSync(path);
    await inMemory.read([2]);
    await assertRejects(() => onDisk.read([2]), UserError, paths[2]);
  } finally {
    onDisk.close();
  }
});

Deno.test("openImageFiles: a read under way when the images are closed fails rather than waits", async () => {
  using folder = new TemporaryFolder();
  const images = await openImageFiles({ paths: writeImages(folder) }, 16, 0);
  const read = images.read([0, 1, 2, 3]);
  images.close();
  await assertRejects(() => read, Error, "closed");
});
