import { assertEquals, assertRejects } from "@std/assert";
import { listFolder } from "../../datasets/files/folders.ts";
import * as kinds from "../../datasets/kinds.ts";
import {
  type DatasetOptions,
  downloadDataset,
  openDataset,
} from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import { oneOf } from "../../train/config/one_of.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const datasetSchema = oneOf<DatasetOptions>(kinds);

Deno.test("kinds: every data set is registered under the name in its options", () => {
  for (const [name, { schema }] of Object.entries(kinds)) {
    const about = (value: string) =>
      schema.safeParse({ name: value }).error?.issues.map(({ path }) =>
        path[0]
      );
    assertEquals(about(name)?.includes("name") ?? false, false);
    assertEquals(about(`${name}-2`)?.includes("name"), true);
  }
});

Deno.test("kinds: the options of a data set are strict, and their defaults are filled in", () => {
  assertEquals(datasetSchema.parse({ name: "cifar10" }), {
    name: "cifar10",
    path: "data/cifar10",
  });
  assertEquals(
    datasetSchema.safeParse({ name: "cifar10", paht: "x" }).success,
    false,
  );
  assertEquals(datasetSchema.safeParse({ name: "imagenet" }).success, false);
  assertEquals(datasetSchema.safeParse({ name: "folder" }).success, false);
  assertEquals(
    datasetSchema.safeParse({ name: "synthetic", trainSize: 0 }).success,
    false,
  );
});

Deno.test("openDataset: opens what the options describe", async () => {
  const options = datasetSchema.parse({
    name: "synthetic",
    trainSize: 30,
    testSize: 20,
  });
  const { train, test } = await openDataset(options);
  assertEquals([train!.size, test!.size], [30, 20]);
});

Deno.test("downloadDataset: refuses a folder, for which there is nothing to download", async () => {
  const options = datasetSchema.parse({ name: "folder", path: "somewhere" });
  await assertRejects(
    () => downloadDataset(options, () => {}),
    UserError,
    '"folder"',
  );
});

Deno.test("downloadDataset: does not fetch what is there already, and removes the archive that it was unpacked from", async () => {
  using folder = new TemporaryFolder();
  const files = ["data_batch_1.bin", "unlabeled_X.bin"];
  for (const name of files) folder.write(name, new Uint8Array(1));
  for (const name of ["cifar-10-binary", "stl10_binary"]) {
    folder.write(`${name}.tar.gz.part`, "left by a program that was killed");
  }
  for (const name of ["cifar10", "stl10"] as const) {
    await downloadDataset({ name, path: folder.path }, () => {
      throw new Error("began to download");
    });
  }
  assertEquals(await listFolder(folder.path), files);
});
