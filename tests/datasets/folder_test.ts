import type { MagickFormat } from "@imagemagick/magick-wasm";
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
import { fingerprintDataset } from "../../datasets/registry.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";

const RED: Pixel = [255, 0, 0];
const GREEN: Pixel = [0, 255, 0];
const BLUE: Pixel = [0, 0, 255];

/** A 16x16 PNG in one shade of grey. */
function grey(shade: number): Uint8Array<ArrayBuffer> {
  return imageFile("PNG", 16, 16, () => [shade, shade, shade]);
}

/** Opens a folder and gives what was said on stderr, line by line. */
async function openListening(folder: TemporaryFolder) {
  const options = { name: "folder", path: folder.path, imageSize: 16 } as const;
  const { result, lines } = await warningsOf(() => kinds.folder.open(options));
  return { splits: result, lines };
}

async function openIn(folder: TemporaryFolder) {
  return (await openListening(folder)).splits;
}

async function firstValues(dataset: ImageDataset): Promise<number[]> {
  const images = await dataset.read([...Array(dataset.size).keys()]);
  const imageBytes = images.length / dataset.size;
  return Array.from({ length: dataset.size }, (_, i) => images[i * imageBytes]);
}

/** The colour of a pixel of an image, by default the first one. */
async function pixelOf(
  dataset: ImageDataset,
  x: number,
  y: number,
  index = 0,
): Promise<number[]> {
  const image = await dataset.read([index]);
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

Deno.test("folder: pictures keep their colours and sides, whatever their format", async () => {
  using folder = new TemporaryFolder();
  const formats: Record<string, MagickFormat> = {
    ...{ avif: "AVIF", bmp: "BMP", gif: "GIF", jp2: "JP2", jpg: "JPEG" },
    ...{ jxl: "JXL", png: "PNG", tif: "TIFF", tiff: "TIFF", webp: "WEBP" },
  };
  for (const [ending, format] of Object.entries(formats)) {
    const colorAt = (x: number, y: number) =>
      y < 32 ? RED : x < 32 ? GREEN : BLUE;
    folder.write(`image.${ending}`, imageFile(format, 64, 64, colorAt));
  }
  // ImageMagick does not write this one: heif-enc -q 95 -p chroma=444
  const heic = new URL("../fixtures/quarters.heic", import.meta.url);
  folder.write("image.heic", Deno.readFileSync(heic));
  const { unlabelled, train } = await openIn(folder);
  assertEquals([unlabelled.size, train], [11, undefined]);
  assertEquals(unlabelled.imageSize, 16);
  for (let i = 0; i < 11; i++) {
    assertColor(await pixelOf(unlabelled, 3, 3, i), RED);
    assertColor(await pixelOf(unlabelled, 12, 3, i), RED);
    assertColor(await pixelOf(unlabelled, 3, 12, i), GREEN);
    assertColor(await pixelOf(unlabelled, 12, 12, i), BLUE);
  }
});

Deno.test("folder: what is no file is left out, rather than waited for", async () => {
  using folder = new TemporaryFolder();
  folder.write("image.png", grey(7));
  const pipe = `${folder.path}/pipe.jpg`;
  assertEquals(
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync().code,
    0,
  );
  Deno.symlinkSync("/dev/zero", `${folder.path}/zero.png`);
  Deno.symlinkSync("image.png", `${folder.path}/link.png`);
  const { splits, lines } = await openListening(folder);
  assertEquals(splits.unlabelled.size, 2);
  assertEquals(lines.slice(1), [
    `skipping ${pipe} (it is not a regular file)`,
    `skipping ${folder.path}/zero.png (it is not a regular file)`,
  ]);
  const options = { name: "folder", path: folder.path, imageSize: 16 } as const;
  assertEquals((await fingerprintDataset(options))?.files, 4);
});

Deno.test("folder: train/ and test/ are the splits, unlabelled/ is for pretraining too", async () => {
  using folder = new TemporaryFolder();
  let shade = 0;
  for (const file of ["test/a/0", "test/b/1", "train/a/2", "train/b/3"]) {
    folder.write(`${file}.png`, grey(shade++));
  }
  folder.write("unlabelled/4.png", grey(4));
  folder.write("train/a/empty.png", "");
  const { splits: { unlabelled, train, test }, lines } = await openListening(
    folder,
  );
  assertEquals(await firstValues(unlabelled), [2, 3, 4]);
  assertEquals(unlabelled.labels, undefined);
  assertEquals(await firstValues(train!), [2, 3]);
  assertEquals(await firstValues(test!), [0, 1]);
  assertEquals(train!.labels, Uint32Array.of(0, 1));
  assertEquals(test!.labels, Uint32Array.of(0, 1));
  assertEquals(test!.classNames, ["a", "b"]);
  assertEquals(lines.length, 1);
});

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

Deno.test("folder: subfolders are the classes, a fifth of each, at least one of two, held out the same way every time", async () => {
  using folder = new TemporaryFolder();
  const counts = { ant: 13, bee: 7, cat: 2, dog: 1 };
  let shade = 0;
  for (const [name, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      folder.write(`${name}/some/${i}.png`, grey(shade++));
    }
  }
  const { unlabelled, train, test } = await openIn(folder);
  assertEquals(unlabelled, train!);
  assertEquals(train!.classNames, ["ant", "bee", "cat", "dog"]);
  assertEquals(test!.labels, Uint32Array.of(0, 0, 0, 1, 2));
  assertEquals(
    [...train!.labels!],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 3],
  );
  const shades = [...await firstValues(train!), ...await firstValues(test!)];
  assertEquals(
    shades.toSorted((a, b) => a - b),
    Array.from({ length: 23 }, (_, i) => i),
  );
  const heldOut = await firstValues(test!);
  // by every version: a run that goes on must not train on them
  assertEquals(heldOut, [1, 4, 7, 17, 20]);
  assertEquals(await firstValues((await openIn(folder)).test!), heldOut);
});

Deno.test("folder: whether a picture can be read moves no other between training and testing", async () => {
  using folder = new TemporaryFolder();
  const parts = async () => {
    const { train, test } = await openIn(folder);
    return [await firstValues(train!), await firstValues(test!)];
  };
  for (let i = 0; i < 10; i++) folder.write(`ant/${i}.png`, grey(i));
  folder.write("bee/10.png", grey(10));
  const whole = await parts();
  for (const shade of [0, whole[0][4], whole[1][0]]) {
    folder.write(`ant/${shade}.png`, "no image");
    assertEquals(
      await parts(),
      whole.map((part) => part.filter((other) => other !== shade)),
    );
    folder.write(`ant/${shade}.png`, grey(shade));
  }
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
  assertEquals(lines.slice(0, 2), [
    "data: left out, not recognised as pictures: bee/4.txt",
    "data: a fifth of each class is held out to test",
  ]);
  assertEquals(lines.length, 5);
  assertMatch(lines[2], /^skipping .*ant\/0-words.png \(.+\)$/);
  assertMatch(lines[3], /bee\/0-cut.jpg/);
  assertMatch(lines[4], /bee\/empty.webp/);
  const { train, test } = splits;
  assertEquals(test!.labels, Uint32Array.of(0));
  assertEquals(train!.labels, Uint32Array.of(0, 0, 1));
  const shades = [...await firstValues(train!), ...await firstValues(test!)];
  assertEquals(shades.toSorted((a, b) => a - b), [0, 1, 2, 3]);
});

Deno.test("folder: names of files and folders begin no lines and move no cursor", async () => {
  using folder = new TemporaryFolder();
  folder.write("train/a\x1b[2J/1.png", grey(1));
  folder.write("train/b/2.png", grey(2));
  folder.write("train/b/bad\nerror: fake.png", "no image");
  folder.write("test/a\x1b[2J/3.png", grey(3));
  folder.write("notes\n.txt", "not looked at");
  const { lines } = await openListening(folder);
  assertEquals(lines.slice(0, 2), [
    String.raw`data: left out, not recognised as pictures: notes\x0a.txt`,
    "data: there are no labels: test/ lacks b, which is in train/",
  ]);
  assertEquals(lines.length, 3);
  assertMatch(lines[2], /^skipping .*\/b\/bad\\x0aerror: fake.png \(.+\)$/);
  await Deno.remove(`${folder.path}/test`, { recursive: true });
  folder.write("test/b/4.png", grey(3));
  const again = await openListening(folder);
  assertEquals(
    again.lines[1],
    String
      .raw`data: there are no labels: test/ lacks a\x1b[2J, which is in train/`,
  );
});

Deno.test("folder: of many files that cannot be decoded a few are named and the others counted", async () => {
  using folder = new TemporaryFolder();
  for (let i = 0; i < 12; i++) folder.write(`${i}.png`, "no image");
  folder.write("12.png", grey(1));
  const { splits, lines } = await openListening(folder);
  assertEquals(splits.unlabelled.size, 1);
  assertEquals(lines.length, 7);
  assertMatch(
    lines[0],
    /^data: there are no labels: 0.png lies in no subfolder/,
  );
  assertEquals(lines[6], "skipping 7 more files that cannot be read");
});

Deno.test("folder: refuses one without a single good image", async () => {
  using folder = new TemporaryFolder();
  await assertRejects(
    () => openIn(folder),
    UserError,
    "there are no pictures (JPEG, PNG, ",
  );
  folder.write("1.png", "no image");
  folder.write("2.png", "no image");
  await assertRejects(
    () => openIn(folder),
    UserError,
    "no picture can be read of 2, such as ",
  );
});

Deno.test("folder: refuses one that has good pictures to test with only, and needs none with labels to pretrain", async () => {
  using folder = new TemporaryFolder();
  for (const name of ["ant", "bee"]) {
    folder.write(`train/${name}/1.png`, "no image");
    folder.write(`test/${name}/1.png`, grey(1));
  }
  await assertRejects(
    () => openIn(folder),
    UserError,
    `no picture to train with in ${folder.path} can be read`,
  );
  folder.write("unlabelled/1.png", grey(2));
  const { unlabelled, train, test } = await openIn(folder);
  assertEquals([unlabelled.size, train, test!.size], [1, undefined, 2]);
});

Deno.test("folder: refuses one that is missing or a file", async () => {
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
