import { isAt } from "../../datasets/files/atomic_file.ts";
import { makeFolder } from "../../datasets/files/folders.ts";
import { printable } from "../../datasets/files/printable.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/**
 * Makes a folder this process's until the result is disposed of, or the process ends, in whatever way.
 * Where the file system has no locks it prints that it cannot keep others away.
 *
 * @param path A file that stands for it, made with the folder that it lies in.
 * @returns `undefined` where another process has it.
 * @throws {UserError} The file cannot be made.
 */
export async function claim(path: string): Promise<Disposable | undefined> {
  await makeFolder(path.slice(0, path.lastIndexOf("/")));
  return await withFileErrors(`cannot lock ${path}`, async () => {
    while (true) {
      using closing = new DisposableStack();
      const options = { write: true, create: true };
      const file = closing.use(await Deno.open(path, options));
      // some network file systems have no locks; Deno has no name for their error
      const isOurs = await file.tryLock(true).catch(() => "unknown");
      if (!isOurs) return undefined;
      // whoever had it may have removed it
      if (!await isAt(path, file)) continue;
      if (isOurs === "unknown") {
        console.warn(
          `${
            printable(path)
          } cannot be locked: its file system has no locks; ` +
            "start nothing else that uses the folder",
        );
      }
      closing.move();
      return file;
    }
  });
}
