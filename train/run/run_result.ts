import { z } from "zod";
import { layersSchema } from "../evaluate/probe_file.ts";
import { readResults, writeResults } from "../evaluate/result_file.ts";
import type { PretrainResult } from "../pretrain.ts";

/** How a run ended. */
export type RunResult = Omit<PretrainResult, "finished">;

const properties = {
  step: z.int().min(0),
  // of any kind: what is not finite is null in the file
  metrics: z.record(z.string(), z.unknown()).optional(),
  untrained: layersSchema.optional(),
  trained: layersSchema.optional(),
};
const schema = z.strictObject(properties) as z.ZodType<RunResult>;
/** Runs from before there was a digest. */
const earlierSchema = z.object(properties) as z.ZodType<RunResult>;

function fileOf(run: string): string {
  return `${run}/result.json`;
}

/**
 * Reads how a run ended.
 *
 * @param run The folder of the run.
 * @returns `undefined` where it has not ended.
 * @throws {UserError} if the file is not as it was written, or cannot be read.
 */
export function readRunResult(run: string): Promise<RunResult | undefined> {
  return readResults(fileOf(run), schema, earlierSchema);
}

/**
 * Writes how a run ended, `result.json`, with a digest that shows changes by hand.
 *
 * @param run The folder of the run.
 * @throws {UserError} if the file cannot be written.
 */
export function writeRunResult(run: string, result: RunResult): Promise<void> {
  return writeResults(fileOf(run), result, schema);
}
