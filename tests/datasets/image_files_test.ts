import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { listFolder } from "../../datasets/files/folders.ts";
import { openImageFiles } from "../../datasets/image_files.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile } from "./image_file.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";

const FILES = Array.from({ length: 6 }, (_, i) => `${i}.png`);
const IMAGE_SIZE = 16;
const IMAGE_BYTES = 3 * IMAGE_SIZE ** 2;

/** An image in one shade of grey, which is decoded byte for byte. */
function grey(shade: number): Uint8Array<ArrayBuffer> {
  const size = IMAGE_SIZE;
  return imageFile("PNG", size, size, () => [shade, shade, shade]);
}

/** A folder with six pictures, of the shades 0 to 5. */
function pictures(): TemporaryFolder {
  const folder = new TemporaryFolder();
  FILES.forEach((file, i) => folder.write(`pictures/${file}`, grey(i)));
  return folder;
}

/** Opens pictures with a cache; `decoded` counts those that were decoded. */
async function openCached(folder: TemporaryFolder, files = FILES) {
  let decoded = 0;
  let toDecode = 0;
  const [path, cache] = [`${folder.path}/pictures`, `${folder.path}/cache`];
  const { images, readable } = await openImageFiles(path, files, IMAGE_SIZE, {
    cache,
    onDecoded: (done, total) => [decoded, toDecode] = [done, total],
  });
  assertEquals(toDecode, decoded);
  const shades = shadesOf(await images.read([...readable]));
  return { images, readable, decoded, shades };
}

/** The shade of each image, all of whose bytes have it. */
function shadesOf(images: Uint8Array): number[] {
  return Array.from({ length: images.length / IMAGE_BYTES }, (_, i) => {
    const bytes = images.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES);
    assertEquals(new Set(bytes).size, 1);
    return bytes[0];
  });
}

Deno.test("openImageFiles: images too many for memory are decoded at every read, to the same bytes", async () => {
  using folder = pictures();
  const path = `${folder.path}/pictures`;
  const open = async (memoryBytes: number) =>
    (await openImageFiles(path, FILES, IMAGE_SIZE, {}, memoryBytes)).images;
  const inMemory = await open(6 * IMAGE_BYTES);
  const onDisk = await open(6 * IMAGE_BYTES - 1);
  try {
    for (const images of [inMemory, onDisk]) {
      const [first, second] = await Promise.all(
        [[4, 0, 4], [5, 3]].map((some) => images.read(some)),
      );
      assertEquals([shadesOf(first), shadesOf(second)], [[4, 0, 4], [5, 3]]);
    }
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
  const first = await openCached(folder);
  first.images.close();
  const second = await openCached(folder);
  assertEquals([first.decoded, second.decoded], [6, 0]);
  assertEquals(
    [first.shades, second.shades],
    Array(2).fill([0, 1, 2, 3, 4, 5]),
  );
  // a cache that is in use may be deleted
  Deno.removeSync(`${folder.path}/cache`, { recursive: true });
  assertEquals(shadesOf(await second.images.read([4, 0])), [4, 0]);
  second.images.close();
});

Deno.test("openImageFiles: only pictures that are new or changed are decoded into a cache, and these are reported once", async () => {
  using folder = pictures();
  (await openCached(folder)).images.close();
  folder.write("pictures/1.png", grey(101));
  folder.write("pictures/10.png", grey(110));
  Deno.removeSync(`${folder.path}/pictures/2.png`);
  // other bytes, the same in number and at another time
  folder.write("pictures/3.png", grey(103));
  const later = new Date(Date.now() + 3_600_000);
  for (const name of ["1.png", "3.png"]) {
    Deno.utimeSync(`${folder.path}/pictures/${name}`, later, later);
  }
  const files = ["0.png", "1.png", "3.png", "4.png", "5.png", "10.png"];
  const { lines, result } = await warningsOf(() => openCached(folder, files));
  result.images.close();
  assertEquals(lines, [
    "data: changed since it was decoded: 1.png, and 1 more",
  ]);
  assertEquals(result.decoded, 3);
  assertEquals(result.shades, [0, 101, 103, 4, 5, 110]);
  const again = await warningsOf(() => openCached(folder, files));
  again.result.images.close();
  assertEquals(again.lines, []);
});

Deno.test("openImageFiles: a picture that has another size is decoded again, though its time is the same", async () => {
  using folder = pictures();
  (await openCached(folder)).images.close();
  const path = `${folder.path}/pictures/3.png`;
  const { mtime } = Deno.statSync(path);
  folder.write("pictures/3.png", Uint8Array.of(...grey(103), 0));
  Deno.utimeSync(path, mtime!, mtime!);
  const { result } = await warningsOf(() => openCached(folder));
  result.images.close();
  assertEquals(result.shades, [0, 1, 2, 103, 4, 5]);
});

Deno.test("openImageFiles: a changed picture's name begins no line of its own", async () => {
  using folder = pictures();
  const file = "a\nb.png";
  folder.write(`pictures/${file}`, grey(1));
  (await openCached(folder, [file])).images.close();
  folder.write(`pictures/${file}`, grey(2));
  const later = new Date(Date.now() + 3_600_000);
  Deno.utimeSync(`${folder.path}/pictures/${file}`, later, later);
  const { lines, result } = await warningsOf(() => openCached(folder, [file]));
  result.images.close();
  assertEquals(lines, ["data: changed since it was decoded: a\\x0ab.png"]);
});

Deno.test("openImageFiles: goes on in a line where the cache cannot be written", async () => {
  using folder = pictures();
  folder.write("cache", "a file");
  const { lines, result } = await warningsOf(() => openCached(folder));
  assertEquals(lines.length, 1);
  assertEquals(
    lines[0].startsWith("data: decoded pictures are not kept: cannot"),
    true,
    lines[0],
  );
  assertEquals(result.shades, [0, 1, 2, 3, 4, 5]);
});

Deno.test("openImageFiles: goes on in a line, without a cache, where the disk is full", async () => {
  using folder = pictures();
  const { writeSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.writeSync = () => {
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  try {
    const { lines, result } = await warningsOf(() => openCached(folder));
    assertEquals(lines.length, 1);
    assertMatch(lines[0], /^data: decoded pictures are not kept: .* is full/);
    assertEquals(result.shades, [0, 1, 2, 3, 4, 5]);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
  assertEquals(await listFolder(`${folder.path}/cache`), []);
});

Deno.test("openImageFiles: says once where a large cache lies, and how large it is", async () => {
  using folder = pictures();
  const more = Array.from({ length: 30 }, (_, i) => `missing-${i}.png`);
  const [path, cache] = [`${folder.path}/pictures`, `${folder.path}/cache`];
  const open = () =>
    warningsOf(() =>
      openImageFiles(path, [...FILES, ...more], 1024, { cache })
    );
  const place =
    /^data: decoded pictures are kept in .*\.images \(109 MiB\), which may be deleted at any time$/;
  for (const said of [1, 0]) {
    const { lines, result } = await open();
    result.images.close();
    assertEquals(lines.filter((line) => place.test(line)).length, said);
  }
});

Deno.test("openImageFiles: keeps no cache where no picture can be read", async () => {
  using folder = new TemporaryFolder();
  folder.write("pictures/0.png", "no image");
  await assertRejects(
    () => openCached(folder, ["0.png"]),
    UserError,
    "no picture can be read of 1, such as ",
  );
  assertEquals(await listFolder(`${folder.path}/cache`), []);
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
