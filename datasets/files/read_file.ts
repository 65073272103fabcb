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
