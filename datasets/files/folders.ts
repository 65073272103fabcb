import { withFileErrors } from "./system_error.ts";

const collator = new Intl.Collator("en", { numeric: true });

/** Compares names in natural order: `file2` before `file10`; unequal names never compare equal. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : 1);
}

/**
 * Lists a folder.
 *
 * @returns The names of its files and folders in natural order; empty where it does not exist.
 * @throws {UserError} It cannot be read.
 */
export function listFolder(path: string): Promise<string[]> {
  return withFileErrors(`cannot read the folder ${path}`, async () => {
    try {
      const entries = await Array.fromAsync(Deno.readDir(path));
      return entries.map(({ name }) => name).sort(naturalOrder);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/**
 * Makes a folder, and those it lies in, where they do not exist.
 *
 * @throws {UserError} It cannot be made.
 */
export function makeFolder(path: string): Promise<void> {
  return withFileErrors(
    `cannot make the folder ${path}`,
    () => Deno.mkdir(path, { recursive: true }),
  );
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
 * @throws {UserError} `path` is not a folder or cannot be read.
 */
export async function findFolder(
  path: string,
  inner: string,
): Promise<FolderContents> {
  const names = await listFolder(path);
  if (!names.includes(inner)) return { folder: path, names };
  const folder = `${path}/${inner}`;
  return { folder, names: await listFolder(folder) };
}
