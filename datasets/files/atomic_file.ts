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
 * `path` holds either what it held before or all of the new contents, whenever the program dies.
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
    try {
      {
        using file = await Deno.open(unfinished, {
          write: true,
          create: true,
          truncate: true,
        });
        await write(file);
        await file.sync();
      }
      await Deno.rename(unfinished, path);
    } catch (error) {
      // The first error is the one to report, whether or not there is a file to remove.
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  });
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
