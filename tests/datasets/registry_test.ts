import { assertEquals, assertRejects } from "@std/assert";
import * as kinds from "../../datasets/kinds.ts";
import {
  datasetSchema,
  downloadDataset,
  openDataset,
} from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

Deno.test("every kind of data set is registered under the name in its options", () => {
  for (const [name, { schema }] of Object.entries(kinds)) {
    const about = (value: string) =>
      schema.safeParse({ name: value }).error?.issues.map(({ path }) =>
        path[0]
      );
    assertEquals(about(name)?.includes("name") ?? false, false);
    assertEquals(about(`${name}-2`)?.includes("name"), true);
  }
});

Deno.test("options of a data set are strict, and their defaults are filled in", () => {
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

Deno.test("a data set is opened by its options", async () => {
  const options = datasetSchema.parse({
    name: "synthetic",
    trainSize: 30,
    testSize: 20,
  });
  const { train, test } = await openDataset(options);
  assertEquals([train!.size, test!.size], [30, 20]);
});

Deno.test("there is nothing to download for a folder", async () => {
  const options = datasetSchema.parse({ name: "folder", path: "somewhere" });
  await assertRejects(
    () => downloadDataset(options, () => {}),
    UserError,
    '"folder"',
  );
});

Deno.test("what is there already is not downloaded", async () => {
  using folder = new TemporaryFolder();
  folder.write("data_batch_1.bin", new Uint8Array(3073));
  folder.write("unlabeled_X.bin", new Uint8Array(27648));
  for (const name of ["cifar10", "stl10"] as const) {
    await downloadDataset({ name, path: folder.path }, () => {
      throw new Error("began to download");
    });
  }
});
