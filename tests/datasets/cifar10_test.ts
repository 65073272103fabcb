import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { cifar10 } from "../../datasets/cifar10.ts";
import { UserError } from "../../engine/user_error.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";
import { randomBytes, testWithSeed } from "../random.ts";

/** A file of records with these labels and random images. */
function records(...labels: number[]): Uint8Array<ArrayBuffer> {
  const file = randomBytes(3073 * labels.length);
  for (const [i, label] of labels.entries()) file[3073 * i] = label;
  return file;
}

function imageIn(file: Uint8Array, record: number): Uint8Array {
  return file.subarray(3073 * record + 1, 3073 * (record + 1));
}

function openIn(folder: TemporaryFolder) {
  return cifar10.open({ name: "cifar10", path: folder.path });
}

testWithSeed(
  "cifar10: joins the training batches there are in natural order",
  async () => {
    using folder = new TemporaryFolder();
    const [second, tenth] = [records(3, 1), records(9)];
    folder.write("data_batch_10.bin", tenth);
    folder.write("data_batch_2.bin", second);
    folder.write("data_batch_3.bin.orig", "");
    const { train, unlabelled, test } = await openIn(folder);
    assertStrictEquals(unlabelled, train!);
    assertEquals(test, undefined);
    assertEquals([train!.size, train!.imageSize], [3, 32]);
    assertEquals(train!.labels, Uint32Array.of(3, 1, 9));
    const images = await train!.read([2, 0, 2]);
    assertEquals(images.subarray(0, 3072), imageIn(tenth, 0));
    assertEquals(images.subarray(3072, 6144), imageIn(second, 0));
    assertEquals(images.subarray(6144), imageIn(tenth, 0));
  },
);

testWithSeed(
  "cifar10: is found in the folder that its archive unpacks to, test images and all",
  async () => {
    using folder = new TemporaryFolder();
    const file = records(0, 4);
    folder.write("cifar-10-batches-bin/data_batch_1.bin", records(1));
    folder.write("cifar-10-batches-bin/test_batch.bin", file);
    folder.write(
      "cifar-10-batches-bin/batches.meta.txt",
      "a\nb\nc\r\nd\ne\n\n\n",
    );
    const { test } = await openIn(folder);
    assertEquals(test!.labels, Uint32Array.of(0, 4));
    assertEquals(test!.classNames, ["a", "b", "c", "d", "e"]);
    assertEquals(await test!.read([1]), imageIn(file, 1).slice());
  },
);

testWithSeed("cifar10: says which of its files are missing", async () => {
  using folder = new TemporaryFolder();
  const names = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
  for (const name of [...names, "test_batch.bin"]) {
    folder.write(name, records(1));
  }
  assertEquals((await warningsOf(() => openIn(folder))).lines, []);
  Deno.removeSync(`${folder.path}/data_batch_3.bin`);
  Deno.removeSync(`${folder.path}/test_batch.bin`);
  const { lines, result } = await warningsOf(() => openIn(folder));
  assertEquals(lines, [
    `data: ${folder.path} is not all of CIFAR-10: it lacks data_batch_3.bin, test_batch.bin`,
  ]);
  assertEquals(result.unlabelled.size, 4);
});

testWithSeed(
  "cifar10: without names of classes takes the official ones",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("data_batch_1.bin", records(9));
    const { train } = await openIn(folder);
    assertEquals([train!.classNames!.length, train!.classNames![9]], [
      10,
      "truck",
    ]);
  },
);

testWithSeed(
  "cifar10: a file that is cut short is named with its size and that of a record",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("data_batch_1.bin", records(1, 2).subarray(0, 6000));
    const { message } = await assertRejects(
      () => openIn(folder),
      UserError,
      "6000 bytes",
    );
    assertEquals(
      message.includes("data_batch_1.bin") && message.includes("3073-byte"),
      true,
    );
  },
);

Deno.test("cifar10: refuses an empty file", async () => {
  using folder = new TemporaryFolder();
  folder.write("data_batch_1.bin", "");
  await assertRejects(() => openIn(folder), UserError, "0 bytes");
});

testWithSeed(
  "cifar10: refuses a label without a class, and names its record",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("data_batch_1.bin", records(1, 10));
    await assertRejects(
      () => openIn(folder),
      UserError,
      "record 1 has the label 10",
    );
  },
);

Deno.test("cifar10: one that is not there is asked for by path and --download", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/nowhere`;
  const { message } = await assertRejects(
    () => cifar10.open({ name: "cifar10", path }),
    UserError,
    "--download",
  );
  assertEquals(message.includes(path), true);
  await assertRejects(() => openIn(folder), UserError, "--download");
});

Deno.test({
  name: "cifar10: names the permission that is missing",
  permissions: { read: false },
  async fn() {
    const options = { name: "cifar10", path: "data/cifar10" } as const;
    await assertRejects(
      () => cifar10.open(options),
      UserError,
      "run again with --allow-read",
    );
  },
});
