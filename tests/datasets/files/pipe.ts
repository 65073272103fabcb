import { assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { TemporaryFolder } from "../temporary_folder.ts";

/** Checks that a function that reads a file refuses a pipe, at which it would wait for ever. */
export async function assertRefusesPipe(
  read: (path: string) => Promise<unknown>,
): Promise<void> {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/pipe`;
  new Deno.Command("mkfifo", { args: [path] }).outputSync();
  const writer = Deno.openSync(path, { read: true, write: true });
  // whoever waits sees the end of the file then
  const end = setTimeout(() => writer.close(), 500);
  await assertRejects(
    () => read(path),
    UserError,
    `cannot read ${path}: it is a pipe or a device; name a file`,
  );
  clearTimeout(end);
  writer.close();
}
