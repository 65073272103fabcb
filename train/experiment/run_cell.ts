import type { DatasetSplits, OpenOptions } from "../../datasets/dataset.ts";
import { listFolder } from "../../datasets/files/folders.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";
import { openDataset } from "../../datasets/registry.ts";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import {
  type ProbeEvents,
  type ProbeImages,
  probeImages,
} from "../evaluate/probe.ts";
import type { ProbeResults } from "../evaluate/probe_file.ts";
import { probeRun } from "../evaluate/probe_run.ts";
import { requireTestImages } from "../evaluate/require_test_images.ts";
import type { FinetuneResult } from "../finetune/finetune_result.ts";
import { finetuneRun } from "../finetune/finetune_run.ts";
import type { FinetuneEvents } from "../finetune/finetune_training.ts";
import { pretrain, type PretrainOptions } from "../pretrain.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { checkData, identifyData } from "../run/data_identity.ts";
import { loadRun } from "../run/load_run.ts";
import { lockRun } from "../run/lock.ts";
import { readMetrics } from "../run/metrics_file.ts";
import { releaseState } from "../run/training_state.ts";
import {
  createLockedRun,
  removeUnusedRunFolder,
  type RunFolder,
} from "../run/run_folder.ts";
import { unlessAborted } from "../unless_aborted.ts";
import { lasting, openBegun } from "./begun_run.ts";
import { writeBudget } from "./budget.ts";
import type { Cell } from "./cells.ts";
import type { Experiment } from "./experiment_file.ts";
import { finetunePath, probePath } from "./result_paths.ts";
import { messageOf } from "./message_of.ts";
import { stepsWithin } from "./steps_within.ts";

/** Whether there are labels does not depend on how many images are taken. */
const ALL = { train: Infinity, test: Infinity };

/** The results of a run of an experiment. */
export interface CellResult {
  /** Number of steps that it was pretrained for. */
  readonly steps: number;
  /** The layers of its encoder; absent where the experiment leaves them out. */
  readonly layers?: ProbeResults;
  /** Its fine-tunings by the name of their column. */
  readonly finetuned: Readonly<Record<string, FinetuneResult>>;
  /** Why others have no result, in a sentence, by the name of their column. */
  readonly failed: Readonly<Record<string, string>>;
}

/** How {@linkcode runCell} works. */
export interface CellOptions {
  /** Where it runs. */
  readonly device: Device;
  /** The folder of the run. */
  readonly path: string;
  /** The experiment: how long runs pretrain, and what is measured. */
  readonly experiment: Pick<Experiment, "minutes" | "probe" | "finetune">;
  /** Stops it; the next call continues from there. */
  readonly signal: AbortSignal;
  /** How its data set is opened. */
  readonly opening?: OpenOptions;
  /** Called before it pretrains with all settings, for what is called while it does. */
  readonly pretraining: (
    config: Config,
  ) => Pick<PretrainOptions, "onPhase" | "onKernel" | "onStep">;
  /** Called while it measures layers. */
  readonly probing: ProbeEvents;
  /** Called before each fine-tuning with the name of its column, for what is called while it runs. */
  readonly finetuning: (name: string) => FinetuneEvents;
}

/**
 * Runs a cell of an experiment, or what is left of it: pretrains, measures the layers, fine-tunes.
 * A fine-tuning that fails is among the results, and does not prevent others.
 *
 * @throws {UserError} if another part of it cannot be done, or the folder holds another run.
 * @throws The reason of `signal` if it was stopped.
 */
export async function runCell(
  cell: Cell,
  options: CellOptions,
): Promise<CellResult> {
  const { signal, opening } = options;
  const opened = openDataset(cell.config.data, opening);
  const splits = await unlessAborted(signal, opened);
  try {
    // before it pretrains for hours
    const images = imagesToProbe(splits, options);
    const config = await pretrainCell(cell, splits, options);
    signal.throwIfAborted();
    const { steps } = config;
    const layers = images && await probeCell(config, images, options);
    return { steps, layers, ...await finetuneCell(splits, options) };
  } finally {
    Object.values(splits).forEach((split) => split?.close());
  }
}

/**
 * The images to measure layers by; `undefined` where the experiment leaves that out.
 *
 * @throws {UserError} if anything is to be measured, and the images have no labels or none are to test with.
 */
function imagesToProbe(
  splits: DatasetSplits,
  { path, experiment: { probe, finetune } }: CellOptions,
): ProbeImages | undefined {
  const images = probeImages(splits, probe ?? ALL);
  if (!images && (probe || Object.keys(finetune).length > 0)) {
    requireTestImages(splits, path);
    throw new UserError(
      `the images of ${path} have no labels to measure by; set probe to null and leave out finetune`,
    );
  }
  return probe ? images : undefined;
}

/** Pretrains, and resolves to all settings. */
async function pretrainCell(
  { name, config }: Cell,
  { unlabelled }: DatasetSplits,
  { device, path, experiment, signal, pretraining }: CellOptions,
): Promise<Config> {
  const { minutes } = experiment;
  const begun = await openBegun(path, config, { minutes });
  const done = begun &&
    (await listCheckpoints(begun.run.checkpointsPath)).at(-1);
  if (begun && done === begun.config.steps) {
    await checkData(begun.run, config.data);
    return begun.config;
  }
  // layers are measured apart
  const options = { device, splits: { unlabelled }, signal };
  if (begun) {
    const { run, config } = begun;
    using _lock = await lockRun(run);
    await requireCheckpoint(run);
    await identifyData(run, config.data);
    // a run that ended before its first checkpoint may have ended before this, too
    if (done === undefined) await writeBudget(run, { minutes });
    const events = pretraining(config);
    await pretrain(config, { ...options, ...events, run, resume: true });
    return config;
  }
  const timed = minutes === undefined
    ? config
    : lasting(config, await stepsWithin(minutes, config, unlabelled, device));
  const { run, lock } = await createLockedRun(name, timed, path);
  using _lock = lock;
  try {
    await identifyData(run, config.data);
    await writeBudget(run, { minutes });
    await pretrain(timed, { ...options, ...pretraining(timed), run });
  } catch (error) {
    await removeUnusedRunFolder(run);
    throw error;
  }
  return timed;
}

/** What a folder has once its run was trained. */
const RESULTS = ["result.json", "probe.json", "finetune"];

/**
 * Keeps a run whose checkpoints were removed from being begun anew over its results.
 *
 * @throws {UserError} There is no checkpoint though steps were taken.
 */
async function requireCheckpoint(
  { path, metricsPath, checkpointsPath }: RunFolder,
): Promise<void> {
  if ((await listCheckpoints(checkpointsPath)).length > 0) return;
  const names = await listFolder(path);
  const isTrained = RESULTS.some((name) => names.includes(name)) ||
    (await readMetrics(metricsPath)).length > 0;
  if (!isTrained) return;
  throw new UserError(
    `${path} has results but no checkpoint to go on from; put its checkpoints back, remove that folder or choose another --out`,
  );
}

async function probeCell(
  config: Config,
  images: ProbeImages,
  { device, path, signal, probing }: CellOptions,
): Promise<ProbeResults | undefined> {
  const trained = await loadRun(path, device);
  const { imageSize, step } = trained;
  const cachePath = `${path}/features`;
  const encoders = { trained, untrained: buildModel(config, imageSize) };
  try {
    const results = await probeRun({
      device,
      config,
      step,
      encoders,
      images,
      path: probePath(path),
      cachePath,
      signal,
      ...probing,
    });
    // many runs' features would fill the disk
    await removeFolder(cachePath);
    return results;
  } finally {
    Object.values(encoders).forEach((built) => releaseState(device, built));
  }
}

async function finetuneCell(
  splits: DatasetSplits,
  { device, path, experiment: { finetune }, signal, finetuning }: CellOptions,
): Promise<Pick<CellResult, "finetuned" | "failed">> {
  const finetuned: Record<string, FinetuneResult> = {};
  const failed: Record<string, string> = {};
  for (const [name, settings] of Object.entries(finetune)) {
    try {
      const { result } = await finetuneRun({
        path,
        settings,
        splits,
        out: finetunePath(path, name),
        device,
        signal,
        ...finetuning(name),
      });
      if (result) finetuned[name] = result;
    } catch (error) {
      if (!signal.aborted) failed[name] = messageOf(error);
    }
    signal.throwIfAborted();
  }
  return { finetuned, failed };
}

function removeFolder(path: string): Promise<void> {
  return withFileErrors(`cannot remove ${path}`, async () => {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  });
}
