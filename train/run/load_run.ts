import { basename, dirname } from "node:path";
import { z } from "zod";
import { imageSizeOf } from "../../datasets/registry.ts";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import { buildModel, type BuiltModel } from "../build_model.ts";
import { type Config, configSchema } from "../config/config.ts";
import { resolveConfig } from "../config/resolve.ts";
import {
  type Checkpoint,
  loadCheckpoint,
  loadLatestCheckpoint,
} from "./checkpoint.ts";
import { checkOrigin } from "./data_identity.ts";
import { processesOf } from "./processes.ts";
import { checkModel } from "./resume.ts";
import { isRunFolder, openRunFolder, type RunFolder } from "./run_folder.ts";
import { restoreState } from "./training_state.ts";

/** A model with the weights of a checkpoint, which lie on the device that it was loaded to. */
export interface LoadedRun extends BuiltModel {
  /** Every setting of the run. */
  readonly config: Config;
  /** Number of steps that the weights were trained for. */
  readonly step: number;
  /** How many processes took the last of them; absent where that is not known. */
  readonly processes?: number;
  /** Height and width in pixels of the images that the augmentation takes. */
  readonly imageSize: number;
}

/**
 * Loads the model of a run with its trained weights. The data set of the run is not needed.
 *
 * @param path The folder of the run.
 * @param device Where programs of the model will run.
 * @param step The step of the checkpoint to take; the latest one by default.
 * @throws {UserError} There is no run or no such checkpoint, or its files cannot be read.
 */
export async function loadRun(
  path: string,
  device: Device,
  step?: number,
): Promise<LoadedRun> {
  const opened = await openRun(path);
  const { config } = opened;
  const checkpoint = await loadTrained(opened, step);
  const imageSize = imageSizeOf(config.data);
  const built = buildModel(config, imageSize);
  await restoreState(device, built, checkpoint.tensors);
  const { step: done } = checkpoint;
  const processes = processesOf(checkpoint);
  return { ...built, config, step: done, processes, imageSize };
}

/**
 * Loads a checkpoint of a run, to use the weights in it.
 *
 * @param step The step of the checkpoint to take; the latest one by default.
 * @throws {UserError} There is no such checkpoint, or only that of step 0 and `step` is not given,
 * it is of another model or run, or its files are damaged or cannot be read.
 */
export async function loadTrained(
  { run, config }: OpenedRun,
  step?: number,
): Promise<Checkpoint> {
  const checkpoint = step === undefined
    ? await loadLatestCheckpoint(run.checkpointsPath)
    : await loadCheckpoint(run.checkpointsPath, step);
  if (!checkpoint || (step === undefined && checkpoint.step === 0)) {
    throw new UserError(
      `${run.path} has no checkpoint of a step yet; resume the run until it has one`,
    );
  }
  checkModel(config, checkpoint, run);
  await checkOrigin(checkpoint, run);
  return checkpoint;
}

/** The folder of a run. */
export interface OpenedRun {
  /** Where its files are. */
  readonly run: RunFolder;
  /** Every setting of the run. */
  readonly config: Config;
}

/**
 * Opens the folder of a run and checks its config.
 *
 * @throws {UserError} The folder is not that of a run but of a fine-tuning, or of something else, or its
 * config is damaged or wrong.
 */
export async function openRun(path: string): Promise<OpenedRun> {
  const { run, config } = await openRunFolder(path);
  if (finetuningSchema.safeParse(config).success) await refuseFinetuning(path);
  try {
    return { run, config: resolveConfig(configSchema, [config]) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${run.configPath} is wrong: ${error.message}`);
  }
}

/** What tells the config of a fine-tuning from that of a run. */
const finetuningSchema = z.object({
  fromScratch: z.boolean(),
  run: z.object(),
});

/** Names the run in whose folder a fine-tuning is by default. */
async function refuseFinetuning(path: string): Promise<never> {
  const parent = dirname(path);
  const run = dirname(parent);
  const isInRun = basename(parent) === "finetune" && await isRunFolder(run);
  throw new UserError(
    `${path} is the folder of a fine-tuning; give that of its run${
      isInRun ? `, ${run}` : ""
    }`,
  );
}
