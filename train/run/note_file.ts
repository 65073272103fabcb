import type { z } from "zod";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { UserError } from "../../engine/user_error.ts";

/**
 * Reads a JSON file of a run's folder by which a resumed run is compared with how it was begun.
 *
 * @param what What it notes, for the message: it may be deleted if they are surely the same.
 * @returns `undefined` where there is none, as in folders of earlier versions.
 * @throws {UserError} The file is damaged or cannot be read.
 */
export async function readNote<Note>(
  path: string,
  schema: z.ZodType<Note>,
  what: string,
): Promise<Note | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `${path} is damaged or was edited; put it back, or delete it if the ${what} are surely the same`,
      { cause },
    );
  }
}
