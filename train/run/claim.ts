import { makeFolder } from "../../datasets/files/folders.ts";
import { openLocked } from "../../datasets/files/locked_file.ts";
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
  return await withFileErrors(`cannot lock ${path}`, () => openLocked(path));
}
