import { assertEquals, assertRejects } from "@std/assert";
import {
  countRecords,
  readLinesIfPresent,
} from "../../../datasets/files/records.ts";
import { UserError } from "../../../engine/user_error.ts";
import { TemporaryFolder } from "../temporary_folder.ts";

Deno.test("readLinesIfPresent: leaves out empty lines and surrounding space", async () => {
  using folder = new TemporaryFolder();
  folder.write("names", " cat\r\n\n  dog \n");
  assertEquals(await readLinesIfPresent(`${folder.path}/names`), [
    "cat",
    "dog",
  ]);
  assertEquals(await readLinesIfPresent(`${folder.path}/missing`), undefined);
});

Deno.test("countRecords: refuses a file that is empty, cut short or missing", async () => {
  using folder = new TemporaryFolder();
  folder.write("six", "123456");
  folder.write("empty", "");
  assertEquals(await countRecords(`${folder.path}/six`, 3), 2);
  await assertRejects(
    () => countRecords(`${folder.path}/six`, 4),
    UserError,
    "six is damaged or cut short: its 6 bytes are not a whole number of 4-byte records",
  );
  await assertRejects(() => countRecords(`${folder.path}/empty`, 3), UserError);
  await assertRejects(
    () => countRecords(`${folder.path}/missing`, 3),
    UserError,
    "missing: there is no such file or folder; check the path",
  );
});
