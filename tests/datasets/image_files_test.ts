import { assertEquals, assertRejects } from "@std/assert";
import { openImageFiles } from "../../datasets/image_files.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile } from "./image_file.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";

const FILES = Array.from({ length: 6 }, (_, i) => `${i}.png`);
const IMAGE_SIZE = 16;
const IMAGE_BYTES = 3 * IMAGE_SIZE ** 2;

/** A noisy image of 20x20. */
function noise(): Uint8Array<ArrayBuffer> {
  const value = () => Math.floor(256 * Math.random());
  return imageFile("PNG", 20, 20, () => [value(), value(), value()]);
}

/** A folder with six pictures. */
function pictures(): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const file of FILES) folder.write(`pictures/${file}`, noise());
  return folder;
}

/** Opens pictures with a cache; `decoded` counts those that were decoded. */
async function openCached(folder: TemporaryFolder, files = FILES) {
  let decoded = 0;
  const [path, cache] = [`${folder.path}/pictures`, `${folder.path}/cache`];
  const { images, readable } = await openImageFiles(path, files, IMAGE_SIZE, {
    cache,
    onDecoded: (done) => decoded = done,
  });
  const all = await images.read([...readable]);
  return { images, readable, decoded, all };
}

/** What a fresh decoder makes of the pictures. */
async function decodedAnew(folder: TemporaryFolder, files = FILES) {
  const path = `${folder.path}/pictures`;
  const { images, readable } = await openImageFiles(path, files, IMAGE_SIZE);
  return await images.read([...readable]);
}

/** Path of the only cache. */
function cacheOf(folder: TemporaryFolder): string {
  const [{ name }, ...others] = [...Deno.readDirSync(`${folder.path}/cache`)];
  assertEquals(others, []);
  return `${folder.path}/cache/${name}`;
}

Deno.test("openImageFiles: images too many for memory are decoded at every read, to the same bytes", async () => {
  using folder = pictures();
  const path = `${folder.path}/pictures`;
  const open = async (memoryBytes: number) =>
    (await openImageFiles(path, FILES, IMAGE_SIZE, {}, memoryBytes)).images;
  const inMemory = await open(6 * IMAGE_BYTES);
  const onDisk = await open(6 * IMAGE_BYTES - 1);
  try {
    const [first, second] = await Promise.all(
      [[4, 0, 4], [5, 3]].map((some) => onDisk.read(some)),
    );
    assertEquals(first, await inMemory.read([4, 0, 4]));
    assertEquals(second, await inMemory.read([5, 3]));
    for (const file of FILES) Deno.removeSync(`${path}/${file}`);
    await inMemory.read([2]);
    await assertRejects(() => onDisk.read([2]), UserError, `${path}/2.png`);
  } finally {
    onDisk.close();
  }
});

Deno.test("openImageFiles: a read under way when the images are closed fails rather than waits", async () => {
  using folder = pictures();
  const { images } = await openImageFiles(
    ...[`${folder.path}/pictures`, FILES, IMAGE_SIZE, {}, 0] as const,
  );
  const read = images.read([0, 1, 2, 3]);
  images.close();
  await assertRejects(() => read, Error, "closed");
});

Deno.test("openImageFiles: what is in the cache is not decoded again, and reads the same", async () => {
  using folder = pictures();
  const expected = await decodedAnew(folder);
  const first = await openCached(folder);
  first.images.close();
  const second = await openCached(folder);
  assertEquals([first.decoded, second.decoded], [6, 0]);
  assertEquals([first.all, second.all], [expected, expected]);
  const overlapping = await Promise.all(
    [[4, 0, 4], [5, 3]].map((some) => second.images.read(some)),
  );
  const imageAt = (i: number) => [
    ...expected.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES),
  ];
  assertEquals(overlapping.map((images) => [...images]), [
    [4, 0, 4].flatMap(imageAt),
    [5, 3].flatMap(imageAt),
  ]);
  // a cache that is in use may be deleted
  Deno.removeSync(`${folder.path}/cache`, { recursive: true });
  assertEquals(await second.images.read([0]), Uint8Array.from(imageAt(0)));
  second.images.close();
});

Deno.test("openImageFiles: only pictures that are new or changed are decoded into a cache", async () => {
  using folder = pictures();
  (await openCached(folder)).images.close();
  folder.write("pictures/1.png", noise());
  folder.write("pictures/10.png", noise());
  Deno.removeSync(`${folder.path}/pictures/2.png`);
  // the same bytes in number, an hour later
  const bytes = Deno.readFileSync(`${folder.path}/pictures/3.png`);
  folder.write("pictures/3.png", bytes);
  const later = new Date(Date.now() + 3_600_000);
  Deno.utimeSync(`${folder.path}/pictures/3.png`, later, later);
  const files = ["0.png", "1.png", "3.png", "4.png", "5.png", "10.png"];
  const { decoded, all, images } = await openCached(folder, files);
  images.close();
  assertEquals(decoded, 3);
  assertEquals(all, await decodedAnew(folder, files));
  cacheOf(folder);
});

Deno.test("openImageFiles: goes on in a line where the cache cannot be written", async () => {
  using folder = pictures();
  const expected = await decodedAnew(folder);
  folder.write("cache", "a file");
  const { lines, result } = await warningsOf(() => openCached(folder));
  assertEquals(lines.length, 1);
  assertEquals(
    lines[0].startsWith("data: decoded pictures are not kept: cannot"),
    true,
    lines[0],
  );
  assertEquals(result.all, expected);
});

Deno.test("openImageFiles: a list beside the cache has all files that cannot be read", async () => {
  using folder = pictures();
  const bad = Array.from({ length: 7 }, (_, i) => `bad-${i}.png`);
  for (const file of bad) folder.write(`pictures/${file}`, "no image");
  const { lines, result } = await warningsOf(() =>
    openCached(folder, [...bad, ...FILES])
  );
  result.images.close();
  assertEquals(result.readable.size, 6);
  assertEquals(lines.length, 6);
  const [, path] = lines[5].match(/^skipping 2 more .*; all are in (.*)$/)!;
  const list = Deno.readTextFileSync(path).trimEnd().split("\n");
  assertEquals(
    list.map((line) => line.match(/bad-\d.png \(.+\)$/)?.[0].slice(0, 9)),
    bad.map((name) => name),
  );
});
