import { assertEquals, assertRejects } from "@std/assert";
import {
  findFolder,
  naturalOrder,
  withFileErrors,
} from "../../../datasets/files/records.ts";
import { UserError } from "../../../engine/user_error.ts";
import { TemporaryFolder } from "../temporary_folder.ts";

Deno.test("names are ordered as a person would, whatever their order before", () => {
  const names = ["a1", "a01", "a2", "a10", "b"];
  for (let i = 0; i < 10; i++) {
    const shuffled = names.toSorted(() => Math.random() - 0.5);
    assertEquals(
      shuffled.sort(naturalOrder).join(),
      ["a01", "a1", "a2", "a10", "b"].join(),
    );
  }
});

Deno.test("a file that the system keeps from this user is told as such", async () => {
  const denied = () =>
    Promise.reject(new Deno.errors.PermissionDenied("os error 13"));
  await assertRejects(
    () => withFileErrors("some/file", "write", denied),
    UserError,
    "does not let this user write some/file",
  );
});

Deno.test("any other refusal of the system is told with its reason", async () => {
  using folder = new TemporaryFolder();
  folder.write("file", "");
  const path = `${folder.path}/file`;
  await assertRejects(
    () => withFileErrors(path, "write", () => Deno.mkdir(path)),
    UserError,
    "exists",
  );
});

Deno.test("a mistake of the program itself stays what it is", async () => {
  const broken = () => Promise.reject(new RangeError("off by one"));
  await assertRejects(
    () => withFileErrors("some/file", "read", broken),
    RangeError,
  );
});

Deno.test("a file in the place of a folder is told as such", async () => {
  using folder = new TemporaryFolder();
  folder.write("file", "");
  await assertRejects(
    () => findFolder(`${folder.path}/file`, "inner"),
    UserError,
    "is not a folder",
  );
});
