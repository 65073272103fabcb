import { UserError } from "../../engine/user_error.ts";
import { firstDifference } from "../config/difference.ts";
import { defaultsOf, mergeSettings } from "../config/merge.ts";
import type { ObjectSchema } from "../config/schema.ts";
import { type Checkpoint, loadLatestCheckpoint } from "./checkpoint.ts";
import { readMetrics } from "./metrics_file.ts";
import type { RunFolder } from "./run_folder.ts";

/**
 * Reads the checkpoint that a run goes on from.
 *
 * @param schema What the config satisfies: settings that did not exist when the checkpoint was written
 * count as their defaults in it.
 * @throws {UserError} There is none, its config is not the one of the run, or a file is damaged.
 */
export async function readCheckpoint(
  config: object,
  run: RunFolder,
  schema?: ObjectSchema,
): Promise<Checkpoint> {
  const checkpoint = await loadLatestCheckpoint(run.checkpointsPath);
  if (!checkpoint) {
    throw new UserError(
      `${run.path} has no checkpoint to resume from; start a new run`,
    );
  }
  const saved = mergeSettings(
    schema,
    defaultsOf(schema),
    checkpoint.metadata.config,
  );
  checkConfig(config, saved, run);
  // read again when the steps begin, but damage is better known before the wait
  await readMetrics(run.metricsPath);
  return checkpoint;
}

function checkConfig(config: object, saved: unknown, run: RunFolder): void {
  const difference = firstDifference(config, saved);
  if (!difference) return;
  const { path, first, second } = difference;
  throw new UserError(
    `${run.configPath} does not match the checkpoint: ${path} is ${
      JSON.stringify(first)
    }, but the run was started with ${JSON.stringify(second)}; set it back`,
  );
}
