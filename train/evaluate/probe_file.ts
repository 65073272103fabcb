import { z } from "zod";
import { writeJsonAtomically } from "../../datasets/files/atomic_file.ts";
import { readTextIfPresent } from "../../datasets/files/read_file.ts";
import { UserError } from "../../engine/user_error.ts";
import { sha256 } from "./digest.ts";
import type { LayerResults } from "./probe.ts";

/** What was measured of a run so far. */
export interface ProbeResults {
  /** Number of steps that the trained encoder was trained for. */
  readonly step: number;
  /** What it was measured of: a digest of weights, images and settings. */
  readonly source: string;
  /** Each layer of the encoder as it was initialised. */
  readonly untrained: LayerResults;
  /** Each layer of the trained encoder. */
  readonly trained: LayerResults;
}

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const accuracy = {
  accuracy: share,
  standardError: share,
  macroAccuracy: share,
  images: count,
};

/** Accepts {@linkcode LayerResults}. */
export const layersSchema: z.ZodType<LayerResults> = z.record(
  z.string(),
  z.strictObject({
    width: count,
    linear: z.strictObject({
      ...accuracy,
      penalty: z.number().positive(),
      heldOutAccuracy: share,
      fitted: count,
      heldOut: count,
    }),
    neighbours: z.strictObject({
      ...accuracy,
      neighbours: count,
      bank: count,
    }),
  }),
);
const resultsSchema = z.strictObject({
  step: count,
  source: z.string(),
  untrained: layersSchema,
  trained: layersSchema,
});
const fileSchema = resultsSchema.extend({ digest: z.string() });

/**
 * Reads the results in a file.
 *
 * @returns `undefined` where there is no file.
 * @throws {UserError} if it is not as it was written, or cannot be read.
 */
export async function readProbe(
  path: string,
): Promise<ProbeResults | undefined> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    const { digest, ...results } = fileSchema.parse(JSON.parse(text));
    if (digest === await digestOf(results)) return results;
  } catch (error) {
    const isOfFormat = !(error instanceof SyntaxError) &&
      !(error instanceof z.ZodError);
    if (isOfFormat) throw error;
  }
  throw new UserError(
    `${path} is damaged or was edited; delete it, and what it said is measured again`,
  );
}

/**
 * Writes results with a digest that shows changes by hand.
 *
 * @throws {UserError} if the file cannot be written.
 */
export async function writeProbe(
  path: string,
  results: ProbeResults,
): Promise<void> {
  const digest = await digestOf(results);
  await writeJsonAtomically(path, { ...results, digest });
}

function digestOf(results: ProbeResults): Promise<string> {
  // the schema puts the properties in one order
  return sha256(JSON.stringify(resultsSchema.parse(results)));
}
