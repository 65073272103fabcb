import {
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
} from "@std/assert";
import type { ImageDataset } from "../../datasets/dataset.ts";
import * as kinds from "../../datasets/kinds.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile, type Pixel, withOrientation } from "./image_file.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const RED: Pixel = [255, 0, 0];
const GREEN: Pixel = [0, 255, 0];
const BLUE: Pixel = [0, 0, 255];

/** A 16x16 PNG in one shade of grey. */
function grey(shade: number): Uint8Array<ArrayBuffer> {
  return imageFile("PNG", 16, 16, () => [shade, shade, shade]);
}

function openIn(folder: TemporaryFolder, imageSize = 16) {
  return kinds.folder.open({ name: "folder", path: folder.path, imageSize });
}

/** Opens a folder and gives what was said on stderr, line by line. */
async function openListening(folder: TemporaryFolder) {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => lines.push(line);
  try {
    return { splits: await openIn(folder), lines };
  } finally {
    console.warn = warn;
  }
}

async function firstValues(dataset: ImageDataset): Promise<number[]> {
  const images = await dataset.read([...Array(dataset.size).keys()]);
  const imageBytes = images.length / dataset.size;
  return Array.from({ length: dataset.size }, (_, i) => images[i * imageBytes]);
}

/** The colour of a pixel of the only image. */
async function pixelOf(
  dataset: ImageDataset,
  x: number,
  y: number,
): Promise<number[]> {
  const image = await dataset.read([0]);
  const { imageSize } = dataset;
  return [0, 1, 2].map((channel) =>
    image[(channel * imageSize + y) * imageSize + x]
  );
}

function assertColor(actual: number[], expected: Pixel) {
  for (const channel of [0, 1, 2]) {
    assertAlmostEquals(actual[channel], expected[channel]!, 12);
  }
}

for (const format of ["JPEG", "PNG", "WEBP"] as const) {
  Deno.test(`folder: a ${format} keeps its colours and sides`, async () => {
    using folder = new TemporaryFolder();
    const file = imageFile(
      format,
      64,
      64,
      (x, y) => y < 32 ? RED : x < 32 ? GREEN : BLUE,
    );
    folder.write(`image.${format.toLowerCase()}`, file);
    const { unlabelled, train } = await openIn(folder);
    assertEquals([unlabelled.size, unlabelled.imageSize, train], [
      1,
      16,
      undefined,
    ]);
    assertColor(await pixelOf(unlabelled, 3, 3), RED);
    assertColor(await pixelOf(unlabelled, 12, 3), RED);
    assertColor(await pixelOf(unlabelled, 3, 12), GREEN);
    assertColor(await pixelOf(unlabelled, 12, 12), BLUE);
  });
}

Deno.test("folder: a PNG of the right size is read byte for byte", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "image.png",
    imageFile("PNG", 16, 16, (x, y) => [7 * x, 9 * y, x * y]),
  );
  const { unlabelled } = await openIn(folder);
  for (const [x, y] of [[0, 0], [5, 11], [15, 15]]) {
    assertEquals(await pixelOf(unlabelled, x, y), [7 * x, 9 * y, x * y]);
  }
});

Deno.test("folder: a wide image is cut to the square in its middle", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "wide.png",
    imageFile("PNG", 96, 32, (x) => x < 32 ? RED : x < 64 ? GREEN : BLUE),
  );
  const { unlabelled } = await openIn(folder);
  for (const x of [0, 8, 15]) {
    assertColor(await pixelOf(unlabelled, x, 8), GREEN);
  }
});

Deno.test("folder: a JPEG taken with the camera on its side is turned upright", async () => {
  using folder = new TemporaryFolder();
  const file = imageFile("JPEG", 32, 64, (_, y) => y < 32 ? RED : BLUE);
  folder.write("turned.jpg", withOrientation(file, 6));
  const { unlabelled } = await openIn(folder);
  // A quarter turn clockwise takes the top to the right.
  assertColor(await pixelOf(unlabelled, 1, 8), BLUE);
  assertColor(await pixelOf(unlabelled, 14, 8), RED);
});

Deno.test("folder: what is transparent is white", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "image.png",
    imageFile("PNG", 16, 16, (x) => [0, 0, 0, x < 8 ? 0 : 255]),
  );
  const { unlabelled } = await openIn(folder);
  assertColor(await pixelOf(unlabelled, 2, 2), [255, 255, 255]);
  assertColor(await pixelOf(unlabelled, 14, 2), [0, 0, 0]);
});

Deno.test("folder: subfolders are the classes, a fifth of each held out the same way every time", async () => {
  using folder = new TemporaryFolder();
  const counts = { ant: 10, bee: 5, cat: 2 };
  let shade = 0;
  for (const [name, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      folder.write(`${name}/some/${i}.png`, grey(shade++));
    }
  }
  const { unlabelled, train, test } = await openIn(folder);
  assertEquals(unlabelled, train!);
  assertEquals(train!.classNames, ["ant", "bee", "cat"]);
  assertEquals(test!.labels, Uint8Array.of(0, 0, 1));
  assertEquals([...train!.labels!], [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2]);
  const shades = [...await firstValues(train!), ...await firstValues(test!)];
  assertEquals(
    shades.toSorted((a, b) => a - b),
    Array.from({ length: 17 }, (_, i) => i),
  );
  const heldOut = await firstValues(test!);
  assertEquals(heldOut.map((shade) => shade < 10 ? 0 : shade < 15 ? 1 : 2), [
    0,
    0,
    1,
  ]);
  assertEquals(await firstValues((await openIn(folder)).test!), heldOut);
});

Deno.test("folder: images outside subfolders, or in only one, have no labels", async () => {
  using folder = new TemporaryFolder();
  folder.write("ant/1.png", grey(10));
  folder.write("ant/2.png", grey(20));
  const one = await openIn(folder);
  assertEquals([one.unlabelled.size, one.unlabelled.labels, one.train], [
    2,
    undefined,
    undefined,
  ]);
  folder.write("bee/1.png", grey(30));
  folder.write("0.png", grey(0));
  const mixed = await openIn(folder);
  assertEquals([mixed.unlabelled.labels, mixed.test], [undefined, undefined]);
  assertEquals(await firstValues(mixed.unlabelled), [0, 10, 20, 30]);
});

Deno.test("folder: files that cannot be decoded are named and left out, labels and all", async () => {
  using folder = new TemporaryFolder();
  const jpeg = imageFile("JPEG", 64, 64, (x, y) => [4 * x, 4 * y, 0]);
  for (let i = 0; i < 3; i++) folder.write(`ant/${i}.png`, grey(i));
  folder.write("ant/0-words.png", "no image at all");
  folder.write("bee/empty.webp", "");
  folder.write("bee/0-cut.jpg", jpeg.subarray(0, jpeg.length / 2));
  folder.write("bee/3.png", grey(3));
  folder.write("bee/4.txt", "not looked at");
  folder.write("bee/.5.png", "not looked at either");
  const { splits, lines } = await openListening(folder);
  assertEquals(lines.length, 3);
  assertMatch(lines[0], /^skipping .*ant\/0-words.png \(.+\)$/);
  assertMatch(lines[1], /bee\/0-cut.jpg/);
  assertMatch(lines[2], /bee\/empty.webp/);
  const { train, test } = splits;
  assertEquals(test!.labels, Uint8Array.of(0));
  assertEquals(train!.labels, Uint8Array.of(0, 0, 1));
  const shades = [...await firstValues(train!), ...await firstValues(test!)];
  assertEquals(shades.toSorted((a, b) => a - b), [0, 1, 2, 3]);
});

Deno.test("folder: of many files that cannot be decoded a few are named and the others counted", async () => {
  using folder = new TemporaryFolder();
  for (let i = 0; i < 12; i++) folder.write(`${i}.png`, "no image");
  folder.write("12.png", grey(1));
  const { splits, lines } = await openListening(folder);
  assertEquals(splits.unlabelled.size, 1);
  assertEquals(lines.length, 6);
  assertEquals(lines[5], "skipping 7 more files that cannot be read");
});

Deno.test("folder: refuses one without a single good image", async () => {
  using folder = new TemporaryFolder();
  await assertRejects(
    () => openIn(folder),
    UserError,
    "no JPEG, PNG or WebP images",
  );
  folder.write("1.png", "no image");
  folder.write("2.png", "no image");
  await assertRejects(
    () => openIn(folder),
    UserError,
    "none of the 2 image files can be read",
  );
});

Deno.test("folder: refuses one that is missing, a file or full of classes", async () => {
  using folder = new TemporaryFolder();
  const openAt = (path: string) =>
    kinds.folder.open({ name: "folder", path, imageSize: 16 });
  await assertRejects(
    () => openAt(`${folder.path}/none`),
    UserError,
    "none: there is no such file or folder; check the path",
  );
  folder.write("file", "");
  await assertRejects(
    () => openAt(`${folder.path}/file`),
    UserError,
    "is a file, not a folder",
  );
  for (let i = 0; i < 257; i++) folder.write(`${i}/image.png`, "");
  await assertRejects(() => openIn(folder), UserError, "257 subfolders");
});

Deno.test({
  name: "folder: names the permission that is missing",
  permissions: { read: false },
  async fn() {
    const options = {
      name: "folder",
      path: "pictures",
      imageSize: 16,
    } as const;
    await assertRejects(
      () => kinds.folder.open(options),
      UserError,
      "run again with --allow-read",
    );
  },
});
