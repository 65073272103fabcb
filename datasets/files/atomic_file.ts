import { withFileErrors } from "./system_error.ts";

/** Ends the name of a file that is still being written. */
export const UNFINISHED_SUFFIX = ".unfinished";

/** What bytes can be written to; a `Deno.FsFile` is one. */
export interface ByteSink {
  /** Writes from the start of `bytes`; resolves to the number of bytes taken, which may be fewer. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes all of `bytes`.
 *
 * @throws Whatever the sink throws.
 */
export async function writeAll(
  sink: ByteSink,
  bytes: Uint8Array,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await sink.write(bytes.subarray(written));
  }
}

/**
 * Writes a file under a temporary name beside it, flushes it to the disk and renames it, so that
 * `path` holds either what it held before or all of the new contents, whenever the program dies. Waits
 * for others that are writing the same file.
 *
 * @param path The file to make or to replace.
 * @param write Writes the contents.
 * @throws {UserError} The disk is full, access is denied, or the folder is missing; the temporary
 * file is removed.
 */
export function writeAtomically(
  path: string,
  write: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  const unfinished = path + UNFINISHED_SUFFIX;
  return withFileErrors(`cannot write ${path}`, async () => {
    using file = await openAlone(unfinished);
    try {
      await file.truncate();
      await write(file);
      await file.sync();
      await Deno.rename(unfinished, path);
    } catch (error) {
      // The first error is the one to report, whether or not there is a file to remove.
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  });
}

/**
 * Opens a file to read and to write it, made where it does not exist, once nobody else has it open like
 * this. Others are kept away until it is closed.
 *
 * @param onWait Called if somebody else has it.
 * @throws What the system refuses.
 */
export async function openAlone(
  path: string,
  onWait?: () => void,
): Promise<Deno.FsFile> {
  while (true) {
    using closing = new DisposableStack();
    const options = { read: true, write: true, create: true };
    const file = closing.use(await Deno.open(path, options));
    // some network file systems have no locks, and need none where one program writes
    const isOurs = await file.tryLock(true).catch(() => true);
    if (!isOurs) {
      onWait?.();
      await file.lock(true);
    }
    // whoever had it may have given it its name
    if (!await isAt(path, file)) continue;
    closing.move();
    return file;
  }
}

/**
 * Whether a path leads to an open file, and not to another one by now.
 *
 * @throws What the system refuses, other than that there is nothing at the path.
 */
export async function isAt(
  path: string,
  file: Deno.FsFile,
): Promise<boolean> {
  const { ino } = await file.stat();
  try {
    return (await Deno.stat(path)).ino === ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Writes text as {@linkcode writeAtomically} does.
 *
 * @throws {UserError} As {@linkcode writeAtomically}.
 */
export async function writeTextAtomically(
  path: string,
  text: string,
): Promise<void> {
  await writeAtomically(
    path,
    (sink) => writeAll(sink, new TextEncoder().encode(text)),
  );
}

/**
 * Writes a value as indented JSON as {@linkcode writeAtomically} does.
 *
 * @throws {UserError} As {@linkcode writeAtomically}.
 */
export async function writeJsonAtomically(
  path: string,
  value: unknown,
): Promise<void> {
  await writeTextAtomically(path, JSON.stringify(value, null, 2) + "\n");
}
