import type { DatasetSplits } from "../../datasets/dataset.ts";
import { imageSizeOf } from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import { buildModel, type BuiltModel } from "../build_model.ts";
import { type Config, configSchema } from "../config/config.ts";
import { changedBy } from "../config/changeable.ts";
import { describeDifference, differences } from "../config/difference.ts";
import { defaultsOf, mergeSettings } from "../config/merge.ts";
import { readResults, writeResults } from "../evaluate/result_file.ts";
import { withoutLossParts } from "../export/export_encoder.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { loadTrained, type OpenedRun, openRun } from "../run/load_run.ts";
import { lockRun } from "../run/lock.ts";
import {
  createLockedRun,
  isRunFolder,
  openRunFolder,
  requireUnused,
  type RunFolder,
} from "../run/run_folder.ts";
import { Classifier, type PretrainedWeights } from "./classifier.ts";
import { inputsOf } from "./classifier_input.ts";
import {
  completeFinetune,
  type FinetuneConfig,
  finetuneSchema,
  type FinetuneSettings,
  nameOf,
} from "./finetune_config.ts";
import { finetuneImages } from "./finetune_images.ts";
import {
  type FinetuneResult,
  finetuneResultSchema,
} from "./finetune_result.ts";
import {
  type FinetuneOptions,
  type FinetuneProgress,
  FinetuneTraining,
} from "./finetune_training.ts";

/** What {@linkcode finetuneRun} does, and where. */
export interface FinetuneTask extends FinetuneOptions {
  /** The folder of the run whose network is tuned. */
  readonly path: string;
  /** Settings over the defaults. */
  readonly settings?: FinetuneSettings;
  /** The images, those of the run or others of their size; the caller closes them. */
  readonly splits: DatasetSplits;
  /**
   * The folder of the fine-tuning, made or continued; by default one in the run's folder `finetune`
   * that is named by the settings.
   */
  readonly out?: string;
  /** Called with the folder of the fine-tuning before anything is computed. */
  readonly onStart?: (folder: string) => void;
}

/** How far a fine-tuning has come, and where it lies. */
export interface Finetuning extends FinetuneProgress {
  /** All settings. */
  readonly config: FinetuneConfig;
  /** Its folder. */
  readonly folder: string;
}

/**
 * Trains the network of a run with a linear classifier on labelled images (section 4.1). A tenth of
 * the training images, held out, chooses the step; the test images are classified once, with the
 * weights of that step. Called again for the same folder, it goes on where it was stopped, as if it
 * had not been: bit for bit on the wasm device; or gives the result that is there.
 *
 * @throws {UserError} if settings are wrong, something does not fit, cannot be read or written, was
 * changed by hand, another process trains in the folder, or the loss is not finite.
 */
export async function finetuneRun(task: FinetuneTask): Promise<Finetuning> {
  const { path, settings, splits } = task;
  const source = await openRun(path);
  const { config: pretraining } = source;
  const { imageSize } = splits.unlabelled;
  const plan = await planFinetune(source, settings, task.out, imageSize);
  const { config, folder, saved, begun } = plan;
  const images = finetuneImages(splits, config, path);
  task.onStart?.(folder);
  const known = await readFinetuneResult(plan);
  if (known) return { config, folder, step: config.steps, result: known };
  // before the long work; a folder that is still to come exists only once it can be filled
  using _begunLock = begun && await lockRun(begun);

  const network = build({ ...pretraining, seed: config.seed }, imageSize);
  const weights = config.fromScratch
    ? undefined
    : await readWeights(source, config.checkpoint);
  const classifier = new Classifier(network, config, images.classes, weights);
  using training = await FinetuneTraining.compile(task, {
    config,
    classifier,
    augmentation: network.augmentation,
    images,
    batchSize: pretraining.evaluation.batchSize,
  });
  const { run, lock } = begun
    ? { run: begun, lock: undefined }
    : await createLockedRun("finetune", saved, folder);
  using _lock = lock;
  const { step, result } = await training.run(run);
  if (result) {
    await writeResults(resultPath(folder), result, finetuneResultSchema);
  }
  return { config, folder, step, result };
}

/** A fine-tuning that fits its run, and where it goes. */
export interface FinetunePlan {
  /** All settings. */
  readonly config: FinetuneConfig;
  /** Its folder. */
  readonly folder: string;
  /** What the folder's `config.json` holds. */
  readonly saved: object;
  /** The folder, where the fine-tuning was begun before. */
  readonly begun?: RunFolder;
}

/**
 * Finds out what a fine-tuning of a run will be; needs no images and writes nothing.
 *
 * @param settings Settings over the defaults.
 * @param out The folder of the fine-tuning; by default one named by the settings.
 * @param imageSize Height and width of the images in pixels; those of the run by default.
 * @throws {UserError} if settings are wrong or do not fit the run, or the folder holds something else.
 */
export async function planFinetune(
  { run, config: pretraining }: OpenedRun,
  settings: FinetuneSettings = {},
  out?: string,
  imageSize: number = imageSizeOf(pretraining.data),
): Promise<FinetunePlan> {
  const { seed, ...unseeded } = pretraining;
  const config = completeFinetune(settings, {
    seed,
    inputs: inputsOf(build(unseeded, imageSize).model),
    checkpoints: await listCheckpoints(run.checkpointsPath),
    path: run.path,
  });
  const folder = out ?? `${run.path}/finetune/${nameOf(config)}`;
  const saved = { ...config, run: pretraining };
  const begun = await openBegun(folder, saved);
  if (!begun) await requireUnused(folder);
  return { config, folder, saved, begun };
}

const resultPath = (folder: string) => `${folder}/result.json`;

/**
 * Reads the result of a fine-tuning.
 *
 * @returns `undefined` where it has not ended.
 * @throws {UserError} if the file is not as it was written, or cannot be read.
 */
export async function readFinetuneResult(
  { folder, begun }: FinetunePlan,
): Promise<FinetuneResult | undefined> {
  return begun && await readResults(resultPath(folder), finetuneResultSchema);
}

/** The network of a run; without a seed its values are zeros. */
function build(
  config: Omit<Config, "seed"> & Partial<Pick<Config, "seed">>,
  imageSize: number,
): BuiltModel {
  const model = withoutLossParts(config.model);
  return buildModel({ ...config, model }, imageSize);
}

/** What the `config.json` of a fine-tuning satisfies, apart from what follows from the run. */
const folderSchema = finetuneSchema.extend({ run: configSchema });

/** The folder of a fine-tuning with these settings, if there is one. */
async function openBegun(
  folder: string,
  settings: object,
): Promise<RunFolder | undefined> {
  if (!(await isRunFolder(folder))) return undefined;
  const { run, config } = await openRunFolder(folder);
  // settings that did not exist then count as their defaults
  const saved = mergeSettings(folderSchema, defaultsOf(folderSchema), config);
  // fine-tuning a checkpoint does not depend on what may change when its run is resumed
  const difference = differences(settings, saved).find(({ path }) =>
    !(path.startsWith("run.") && changedBy(path.slice("run.".length)))
  );
  if (!difference) return run;
  throw new UserError(
    `${folder} was begun with other settings: ${
      describeDifference(difference)
    }; choose another folder`,
  );
}

async function readWeights(
  source: OpenedRun,
  step: number,
): Promise<PretrainedWeights> {
  const { tensors } = await loadTrained(source, step);
  const { path } = source.run;
  return { tensors, source: `the checkpoint of step ${step} in ${path}` };
}
