import { isAt } from "./atomic_file.ts";
import { printable } from "./printable.ts";

/**
 * Opens a file to write it, and makes it where there is none. It is this process's until it is closed, or
 * the process ends, in whatever way. Where the file system has no locks it prints that it cannot keep
 * others away.
 *
 * @returns `undefined` where another process has it.
 * @throws Whatever the system refuses with.
 */
export async function openLocked(
  path: string,
): Promise<Deno.FsFile | undefined> {
  while (true) {
    using closing = new DisposableStack();
    const options = { write: true, create: true };
    const file = closing.use(await Deno.open(path, options));
    // some network file systems have no locks; Deno has no name for their error
    const isOurs = await file.tryLock(true).catch(() => "unknown");
    if (!isOurs) return undefined;
    // whoever had it may have removed it, or given it another name
    if (!await isAt(path, file)) continue;
    if (isOurs === "unknown") {
      console.warn(
        `${printable(path)} cannot be locked: its file system has no locks; ` +
          "start nothing else that uses the folder",
      );
    }
    closing.move();
    return file;
  }
}
