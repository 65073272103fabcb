import { z } from "zod";
import type { LayerResults } from "./probe.ts";
import { readResults, writeResults } from "./result_file.ts";

/** What has been measured of a run so far. */
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
      temperature: z.number().positive().optional(),
    }),
  }),
);
const resultsSchema: z.ZodType<ProbeResults> = z.strictObject({
  step: count,
  source: z.string(),
  untrained: layersSchema,
  trained: layersSchema,
});

/**
 * Reads the results in a file.
 *
 * @returns `undefined` where there is no file.
 * @throws {UserError} if it is not as it was written, or cannot be read.
 */
export function readProbe(path: string): Promise<ProbeResults | undefined> {
  return readResults(path, resultsSchema);
}

/**
 * Writes results with a digest that shows changes by hand.
 *
 * @throws {UserError} if the file cannot be written.
 */
export function writeProbe(path: string, results: ProbeResults): Promise<void> {
  return writeResults(path, results, resultsSchema);
}
