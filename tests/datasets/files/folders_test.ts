import { assertEquals, assertRejects } from "@std/assert";
import {
  findFolder,
  listFolder,
  naturalOrder,
} from "../../../datasets/files/folders.ts";
import { UserError } from "../../../engine/user_error.ts";
import { TemporaryFolder } from "../temporary_folder.ts";

Deno.test("naturalOrder: sorts names in natural order, whatever their order before", () => {
  const sorted = ["a01", "a1", "a2", "a10", "b"];
  for (let i = 0; i < sorted.length; i++) {
    const rotated = [...sorted.slice(i), ...sorted.slice(0, i)];
    for (const names of [rotated, rotated.toReversed()]) {
      assertEquals(names.sort(naturalOrder).join(), sorted.join());
    }
  }
});

Deno.test("listFolder: lists in natural order, and a missing folder as empty", async () => {
  using folder = new TemporaryFolder();
  for (const name of ["file10", "file2", "a"]) folder.write(name, "");
  assertEquals(await listFolder(folder.path), ["a", "file2", "file10"]);
  assertEquals(await listFolder(`${folder.path}/missing`), []);
});

Deno.test("findFolder: takes the folder inside where there is one", async () => {
  using folder = new TemporaryFolder();
  folder.write("file", "");
  assertEquals(await findFolder(folder.path, "inner"), {
    folder: folder.path,
    names: ["file"],
  });
  Deno.mkdirSync(`${folder.path}/inner`);
  assertEquals(await findFolder(folder.path, "inner"), {
    folder: `${folder.path}/inner`,
    names: [],
  });
});

Deno.test("findFolder: refuses a file in the place of a folder", async () => {
  using folder = new TemporaryFolder();
  folder.write("file", "");
  const path = `${folder.path}/file`;
  await assertRejects(
    () => findFolder(path, "inner"),
    UserError,
    `cannot read the folder ${path}: it, or a part of its path, is a file`,
  );
});
