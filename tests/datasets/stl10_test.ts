import { assertEquals, assertRejects } from "@std/assert";
import { stl10 } from "../../datasets/stl10.ts";
import { UserError } from "../../engine/user_error.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { randomBytes, testWithSeed } from "../random.ts";

const IMAGE_BYTES = 3 * 96 * 96;

function randomImages(count: number): Uint8Array<ArrayBuffer> {
  return randomBytes(count * IMAGE_BYTES);
}

/** The pixel of a file whose planes are column-major. */
function pixelIn(
  file: Uint8Array,
  image: number,
  channel: number,
  row: number,
  column: number,
) {
  return file[image * IMAGE_BYTES + channel * 9216 + column * 96 + row];
}

function openIn(folder: TemporaryFolder) {
  return stl10.open({ name: "stl10", path: folder.path });
}

testWithSeed(
  "stl10: images are turned from column-major to row-major",
  async () => {
    using folder = new TemporaryFolder();
    const file = randomImages(3);
    folder.write("unlabeled_X.bin", file);
    const { unlabelled, train, test } = await openIn(folder);
    assertEquals([train, test], [undefined, undefined]);
    assertEquals([unlabelled.size, unlabelled.imageSize, unlabelled.labels], [
      3,
      96,
      undefined,
    ]);
    const order = [2, 0, 1];
    const images = await unlabelled.read(order);
    const expected = new Uint8Array(images.length);
    let i = 0;
    for (const image of order) {
      for (let channel = 0; channel < 3; channel++) {
        for (let row = 0; row < 96; row++) {
          for (let column = 0; column < 96; column++) {
            expected[i++] = pixelIn(file, image, channel, row, column);
          }
        }
      }
    }
    assertEquals(images, expected);
  },
);

Deno.test("stl10: reads leave no file open", {
  sanitizeResources: true,
}, async () => {
  using folder = new TemporaryFolder();
  folder.write("unlabeled_X.bin", new Uint8Array(IMAGE_BYTES));
  const { unlabelled } = await openIn(folder);
  await unlabelled.read([0]);
});

testWithSeed("stl10: reads may overlap", async () => {
  using folder = new TemporaryFolder();
  folder.write("unlabeled_X.bin", randomImages(4));
  const { unlabelled } = await openIn(folder);
  const alone = await unlabelled.read([3, 1]);
  const together = await Promise.all(
    [[0, 2], [3, 1], [2]].map((some) => unlabelled.read(some)),
  );
  assertEquals(together[1], alone);
});

testWithSeed(
  "stl10: labels count from 0 and are found with the images in the archive's folder",
  async () => {
    using folder = new TemporaryFolder();
    const file = randomImages(2);
    folder.write("stl10_binary/unlabeled_X.bin", randomImages(1));
    folder.write("stl10_binary/test_X.bin", file);
    folder.write("stl10_binary/test_y.bin", Uint8Array.of(10, 1));
    const { test } = await openIn(folder);
    assertEquals(test!.labels, Uint32Array.of(9, 0));
    assertEquals(test!.classNames!.length, 10);
    const images = await test!.read([1]);
    assertEquals(images[95], pixelIn(file, 1, 0, 0, 95));
  },
);

testWithSeed(
  "stl10: takes the names of its classes from the file",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("unlabeled_X.bin", randomImages(1));
    folder.write("train_X.bin", randomImages(1));
    folder.write("train_y.bin", Uint8Array.of(2));
    folder.write("class_names.txt", "one\ntwo\n");
    assertEquals((await openIn(folder)).train!.classNames, ["one", "two"]);
    folder.write("train_y.bin", Uint8Array.of(3));
    await assertRejects(() => openIn(folder), UserError, "label 3");
  },
);

testWithSeed("stl10: without unlabelled images says so", async () => {
  using folder = new TemporaryFolder();
  folder.write("train_X.bin", randomImages(1));
  folder.write("train_y.bin", Uint8Array.of(1));
  const { message } = await assertRejects(
    () => openIn(folder),
    UserError,
    "unlabeled_X.bin",
  );
  assertEquals(
    message.includes(folder.path) && message.includes("--download"),
    true,
  );
});

testWithSeed(
  "stl10: refuses labels that do not match the images or the classes",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("unlabeled_X.bin", randomImages(1));
    folder.write("train_X.bin", randomImages(2));
    await assertRejects(() => openIn(folder), UserError, "train_y.bin");
    folder.write("train_y.bin", Uint8Array.of(1, 2, 3));
    await assertRejects(
      () => openIn(folder),
      UserError,
      "2 images but train_y.bin 3 labels",
    );
    folder.write("train_y.bin", Uint8Array.of(1, 0));
    await assertRejects(
      () => openIn(folder),
      UserError,
      "image 1 has the label 0",
    );
  },
);

testWithSeed(
  "stl10: a file that is cut short is named, before and during use",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("unlabeled_X.bin", randomImages(2).subarray(1));
    await assertRejects(() => openIn(folder), UserError, "27648-byte");
    folder.write("unlabeled_X.bin", randomImages(2));
    const { unlabelled } = await openIn(folder);
    Deno.truncateSync(`${folder.path}/unlabeled_X.bin`, 30_000);
    await unlabelled.read([0]);
    await assertRejects(
      () => unlabelled.read([1]),
      UserError,
      "unlabeled_X.bin was cut short while in use",
    );
  },
);
