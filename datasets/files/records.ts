import { UserError } from "../../engine/user_error.ts";

/**
 * Runs `operation`, which reads or writes `path`, and puts the system's refusals into words.
 *
 * @throws {UserError} When the system or Deno refuses.
 */
export async function withFileErrors<T>(
  path: string,
  access: "read" | "write",
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw inWords(error, path, access);
  }
}

function inWords(
  error: unknown,
  path: string,
  access: "read" | "write",
): unknown {
  if (error instanceof Deno.errors.NotFound) {
    return new UserError(`${path} does not exist: check the path.`);
  }
  if (error instanceof Deno.errors.NotADirectory) {
    return new UserError(`${path} is not a folder: give the path of a folder.`);
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new UserError(
      `The system does not let this user ${access} ${path}: change its permissions.`,
    );
  }
  if (error instanceof Deno.errors.NotCapable) {
    return new UserError(
      `Deno was not allowed to ${access} ${path}: run again with --allow-${access}=${path}.`,
    );
  }
  if (error instanceof Error && "code" in error) {
    return new UserError(
      `The system cannot ${access} ${path}: ${error.message}.`,
    );
  }
  return error;
}

const collator = new Intl.Collator("en", { numeric: true });

/** Compares names as a person would: `file2` before `file10`; unequal names are never on a par. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

/** A folder and what is in it. */
export interface FolderContents {
  /** Path of the folder. */
  readonly folder: string;
  /** Names of its entries in natural order. */
  readonly names: readonly string[];
}

/**
 * The folder `path`, or the one in it called `inner` (as an archive unpacks) where there is one.
 * A folder that does not exist counts as empty.
 *
 * @throws {UserError} When `path` is no folder or may not be read.
 */
export async function findFolder(
  path: string,
  inner: string,
): Promise<FolderContents> {
  const names = await namesIn(path);
  if (!names.includes(inner)) return { folder: path, names };
  const folder = `${path}/${inner}`;
  return { folder, names: await namesIn(folder) };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map((entry) => entry.name).sort(naturalOrder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw inWords(error, folder, "read");
  }
}

/**
 * The non-empty lines of a text file; `undefined` where the file does not exist.
 *
 * @throws {UserError} When the file may not be read.
 */
export async function readLinesIfPresent(
  path: string,
): Promise<string[] | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    return text.split("\n").map((line) => line.trim()).filter((line) =>
      line !== ""
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw inWords(error, path, "read");
  }
}

/**
 * Number of records in a file of records of `recordBytes` bytes.
 *
 * @throws {UserError} When the file is empty, not a whole number of records, or out of reach.
 */
export async function countRecords(
  path: string,
  recordBytes: number,
): Promise<number> {
  const { size } = await withFileErrors(path, "read", () => Deno.stat(path));
  if (size === 0 || size % recordBytes !== 0) {
    throw new UserError(
      `${path} has ${size} bytes, not a whole number of ${recordBytes}-byte records: ` +
        `it is damaged or cut short, so replace it.`,
    );
  }
  return size / recordBytes;
}
