import { UserError } from "../../engine/user_error.ts";
import { readTextIfPresent } from "./read_file.ts";
import { withFileErrors } from "./system_error.ts";

/**
 * The non-empty lines of a text file; `undefined` where the file does not exist.
 *
 * @throws {UserError} The file cannot be read.
 */
export async function readLinesIfPresent(
  path: string,
): Promise<string[] | undefined> {
  const text = await readTextIfPresent(path);
  return text?.split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
}

/**
 * Number of records in a file of records of `recordBytes` bytes.
 *
 * @throws {UserError} The file is empty, not a whole number of records, or cannot be read.
 */
export async function countRecords(
  path: string,
  recordBytes: number,
): Promise<number> {
  const { size } = await withFileErrors(
    `cannot read ${path}`,
    () => Deno.stat(path),
  );
  if (size === 0 || size % recordBytes !== 0) {
    throw new UserError(
      `${path} is damaged or cut short: its ${size} bytes are not a whole number of ` +
        `${recordBytes}-byte records; replace it`,
    );
  }
  return size / recordBytes;
}
