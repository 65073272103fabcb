import { UserError } from "../../engine/user_error.ts";
import { firstFixedDifference } from "../config/changeable.ts";
import { type Config, configSchema } from "../config/config.ts";
import { defaultsOf, mergeSettings } from "../config/merge.ts";
import { isObject, type ObjectSchema } from "../config/schema.ts";
import { type Checkpoint, loadLatestCheckpoint } from "./checkpoint.ts";
import { checkOrigin } from "./data_identity.ts";
import { readMetrics } from "./metrics_file.ts";
import type { RunFolder } from "./run_folder.ts";

/**
 * Reads the checkpoint that a run resumes from.
 *
 * @param schema What the config satisfies: settings that did not exist when the checkpoint was written
 * count as their defaults in it.
 * @returns `undefined` where the run ended before its first step, and begins.
 * @throws {UserError} There is none though steps were taken, it has other settings where they may
 * not change, or a file is damaged.
 */
export async function readCheckpoint(
  config: object,
  run: RunFolder,
  schema?: ObjectSchema,
): Promise<Checkpoint | undefined> {
  const checkpoint = await loadLast(run);
  if (checkpoint) {
    checkSettings(config, savedSettings(checkpoint, schema), checkpoint, run);
  }
  return checkpoint;
}

/**
 * Checks that a run can be resumed, whatever its number of steps will be.
 *
 * @throws {UserError} As {@linkcode readCheckpoint}.
 */
export async function checkResumable(
  config: Config,
  run: RunFolder,
): Promise<void> {
  const checkpoint = await loadLast(run);
  if (!checkpoint) return;
  const saved = savedSettings(checkpoint, configSchema);
  const { steps } = config;
  checkSettings(
    config,
    isObject(saved) ? { ...saved, steps } : saved,
    checkpoint,
    run,
  );
}

/** The last checkpoint of a run, which must be there if a step was taken. */
async function loadLast(run: RunFolder): Promise<Checkpoint | undefined> {
  const checkpoint = await loadLatestCheckpoint(run.checkpointsPath);
  // read again when the steps begin, but damage should be known before the wait
  const records = await readMetrics(run.metricsPath);
  if (checkpoint) await checkOrigin(checkpoint, run);
  if (checkpoint || records.length === 0) return checkpoint;
  throw new UserError(
    `${run.path} has no checkpoint to resume from; start a new run`,
  );
}

/**
 * Checks that a checkpoint is of the model of a run.
 *
 * @throws {UserError} The model has other settings in it.
 */
export function checkModel(
  config: Config,
  checkpoint: Checkpoint,
  run: RunFolder,
): void {
  if (!isObject(checkpoint.metadata.config)) return;
  const saved = savedSettings(checkpoint, configSchema);
  if (!isObject(saved)) return;
  const ours = modelSettings({ ...config });
  checkSettings(ours, modelSettings(saved), checkpoint, run);
}

function modelSettings(
  { encoder, model, augmentation }: Readonly<Record<string, unknown>>,
) {
  return { encoder, model, augmentation };
}

function savedSettings({ metadata }: Checkpoint, schema?: ObjectSchema) {
  return mergeSettings(schema, defaultsOf(schema), metadata.config);
}

function checkSettings(
  settings: unknown,
  saved: unknown,
  { step }: Checkpoint,
  run: RunFolder,
): void {
  const difference = firstFixedDifference(settings, saved);
  if (!difference) return;
  const { path, first, second } = difference;
  const [here, there] = [first, second].map((value) =>
    JSON.stringify(value) ?? "not set"
  );
  throw new UserError(
    `${run.configPath} does not match the checkpoint of step ${step}: ${path} is ${here}, ` +
      `but ${there} in the checkpoint; set it back` +
      (path === "steps"
        ? `, or use --extend ${here}`
        : ", or remove the checkpoint if it is of another run"),
  );
}
