import { z } from "zod";
import { writeJsonAtomically } from "../../datasets/files/atomic_file.ts";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { UserError } from "../../engine/user_error.ts";
import { sha256 } from "../../datasets/files/digest.ts";

const digestSchema = z.looseObject({ digest: z.string().optional() });

/**
 * Reads results that {@linkcode writeResults} wrote.
 *
 * @param undigested Accepts files from before there was a digest; absent where there always was one.
 * @returns `undefined` where there is no file.
 * @throws {UserError} if it is not as it was written, or cannot be read.
 */
export async function readResults<Results extends object>(
  path: string,
  schema: z.ZodType<Results>,
  undigested?: z.ZodType<Results>,
): Promise<Results | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    const { digest, ...content } = digestSchema.parse(JSON.parse(text));
    if (digest === undefined && undigested) return undigested.parse(content);
    const results = schema.parse(content);
    if (digest === await digestOf(results, schema)) return results;
  } catch (error) {
    const isOfFormat = !(error instanceof SyntaxError) &&
      !(error instanceof z.ZodError);
    if (isOfFormat) throw error;
  }
  throw new UserError(
    `${path} is damaged or was edited; put it back, or delete it and measure again`,
  );
}

/**
 * Writes results with a digest that shows changes by hand.
 *
 * @param schema Accepts the results, a `z.strictObject`.
 * @throws {UserError} if the file cannot be written.
 */
export async function writeResults<Results extends object>(
  path: string,
  results: Results,
  schema: z.ZodType<Results>,
): Promise<void> {
  const digest = await digestOf(results, schema);
  await writeJsonAtomically(path, { ...results, digest });
}

function digestOf<Results extends object>(
  results: Results,
  schema: z.ZodType<Results>,
): Promise<string> {
  // the schema puts the properties in one order
  return sha256(JSON.stringify(schema.parse(results)));
}
