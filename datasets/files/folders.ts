import { describeSystemError } from "./system_error.ts";

/**
 * Lists a folder.
 *
 * @returns The names of its files and folders; empty where it does not exist.
 * @throws {UserError} It cannot be read.
 */
export async function listFolder(path: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(path));
    return entries.map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw describeSystemError(error, `cannot read the folder ${path}`);
  }
}

/**
 * Makes a folder, and those it lies in, where they do not exist.
 *
 * @throws {UserError} It cannot be made.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (error) {
    throw describeSystemError(error, `cannot make the folder ${path}`);
  }
}
