import { withFileErrors } from "./system_error.ts";

/**
 * Reads a file as bytes.
 *
 * @throws {UserError} It cannot be read.
 */
export function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return withFileErrors(`cannot read ${path}`, () => Deno.readFile(path));
}

/**
 * Reads a file as text.
 *
 * @throws {UserError} It cannot be read.
 */
export function readText(path: string): Promise<string> {
  return withFileErrors(`cannot read ${path}`, () => Deno.readTextFile(path));
}

/**
 * Reads a file as text; `undefined` where there is none.
 *
 * @throws {UserError} It cannot be read.
 */
export function readTextIfPresent(path: string): Promise<string | undefined> {
  return withFileErrors(`cannot read ${path}`, async () => {
    try {
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
