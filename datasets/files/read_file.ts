import { UserError } from "../../engine/user_error.ts";
import { withFileErrors } from "./system_error.ts";

/**
 * Refuses pipes and devices, at which a read would wait for ever.
 *
 * @throws {UserError} It is one.
 * @throws Whatever the system refuses with.
 */
export async function refusePipe(path: string | URL): Promise<void> {
  const { isFile, isDirectory } = await Deno.stat(path);
  // the system has a sentence of its own for folders
  if (isFile || isDirectory) return;
  throw new UserError(
    `cannot read ${path}: it is a pipe or a device; name a file`,
  );
}

/**
 * Reads a file as bytes.
 *
 * @throws {UserError} It cannot be read.
 */
export function readBytes(
  path: string | URL,
): Promise<Uint8Array<ArrayBuffer>> {
  return withFileErrors(`cannot read ${path}`, async () => {
    await refusePipe(path);
    return await Deno.readFile(path);
  });
}

/**
 * Reads a file as text.
 *
 * @throws {UserError} It cannot be read.
 */
export function readText(path: string): Promise<string> {
  return withFileErrors(`cannot read ${path}`, async () => {
    await refusePipe(path);
    return await Deno.readTextFile(path);
  });
}

/**
 * Reads a file as text; `undefined` where there is none.
 *
 * @throws {UserError} It cannot be read.
 */
export function readTextIfPresent(path: string): Promise<string | undefined> {
  return withFileErrors(`cannot read ${path}`, async () => {
    try {
      await refusePipe(path);
      return await Deno.readTextFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  });
}

/**
 * Fills a buffer with what follows in a file.
 *
 * @returns Whether there was enough.
 * @throws Whatever the system refuses with.
 */
export async function readFully(
  file: Deno.FsFile,
  buffer: Uint8Array,
): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}
