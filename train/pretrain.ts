import type { DatasetSplits } from "../datasets/dataset.ts";
import type { CompileListener, Device } from "../engine/devices/device.ts";
import { buildModel, type BuiltModel } from "./build_model.ts";
import { loadInitialWeights } from "./initial_weights.ts";
import { type Config, configSchema } from "./config/config.ts";
import {
  type EncoderName,
  type LayerResults,
  probeEncoder,
  type ProbeEvents,
  probeImages,
} from "./evaluate/probe.ts";
import type { RunFolder } from "./run/run_folder.ts";
import { type StepMetrics, TrainingStep } from "./training_step.ts";
import type { Checkpoint } from "./run/checkpoint.ts";
import { warnOfProcesses } from "./run/processes.ts";
import { readCheckpoint } from "./run/resume.ts";
import {
  releaseState,
  restoreState,
  type TrainingState,
} from "./run/training_state.ts";
import { type LoopResult, TrainingLoop } from "./training_loop.ts";

/** A part of a run: compiling a step, and taking all of them. */
export type Phase = "compiling" | "training";

/**
 * Labelled images that the layers are measured with at the end of a run, at most: enough for a first
 * look in little time. `deno task probe` takes all of them.
 */
const MAX_IMAGES = { train: 500, test: 500 };

/** What to do if the loss is not finite. */
export const REMEDY =
  "start a new run with a lower optimizer.learningRate or with optimizer.clipNorm=0.5";

/** What a run needs besides its config. */
export interface PretrainOptions {
  /** Where it runs; the caller destroys it. */
  readonly device: Device;
  /** The images; the caller closes them. */
  readonly splits: DatasetSplits;
  /** Where checkpoints and metrics go; see `lockRun` for who else may train in it. */
  readonly run: RunFolder;
  /** Go on from the latest checkpoint of the run, or begin where there is none yet. */
  readonly resume?: boolean;
  /** Writes an event file for TensorBoard into the run's folder, with what was measured before. */
  readonly tensorBoard?: boolean;
  /** Stops the run after the step under way, with a checkpoint if a step was taken. */
  readonly signal?: AbortSignal;
  /** Called when a part begins, with the number of steps done. */
  readonly onPhase?: (phase: Phase, step: number) => void;
  /** Called while a step is compiled, where that takes long. */
  readonly onKernel?: CompileListener;
  /** Called with the number of steps done and the numbers of the last one. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
  /** Called while the trained encoder is measured after the last step, and then the untrained one. */
  readonly probing?: ProbeEvents;
}

/** How a run ended. */
export interface PretrainResult {
  /** Number of steps done. */
  readonly step: number;
  /** Whether nothing is left to do: `false` if `signal` stopped the run. */
  readonly finished: boolean;
  /** The numbers of the last step; absent if none is known. */
  readonly metrics?: StepMetrics;
  /**
   * The results of the layers of the encoder as the seed alone initialises it; absent without labelled
   * images, or if the run was stopped.
   */
  readonly untrained?: LayerResults;
  /** The same after the last step. */
  readonly trained?: LayerResults;
}

/**
 * Pretrains an encoder as the config says. Started again with `resume`, a run continues from its
 * latest checkpoint as if it had not been interrupted: bit for bit on the wasm device.
 *
 * @throws {UserError} if something does not fit, cannot be read or written, or the loss is not finite.
 */
export async function pretrain(
  config: Config,
  options: PretrainOptions,
): Promise<PretrainResult> {
  const { device, splits, run, signal } = options;
  const { imageSize } = splits.unlabelled;
  const checkpoint = options.resume
    ? await readCheckpoint(config, run, configSchema)
    : undefined;
  if (checkpoint) warnOfProcesses(config, checkpoint, 1);
  const built = buildModel(config, imageSize);
  if (!checkpoint) await loadInitialWeights(built, config);
  options.onPhase?.("compiling", checkpoint?.step ?? 0);
  // before anything else that is slow, so that a step that the device cannot hold is noticed at once
  const step = await TrainingStep.compile(
    device,
    { config, ...built, imageSize },
    options,
  );
  const state: TrainingState = { ...built, optimizer: step.optimizer };
  try {
    const result = await takeSteps(config, options, step, state, checkpoint);
    const trained = await evaluate("trained", config, options, built);
    const untrained = trained &&
      await evaluateUntrained(config, options, imageSize);
    return { ...result, finished: !signal?.aborted, untrained, trained };
  } finally {
    releaseState(device, state);
  }
}

/** Takes the steps that are left; the program is gone afterwards. */
async function takeSteps(
  config: Config,
  options: PretrainOptions,
  step: TrainingStep,
  state: TrainingState,
  checkpoint: Checkpoint | undefined,
): Promise<LoopResult> {
  const { device, splits } = options;
  const done = checkpoint?.step ?? 0;
  try {
    if (checkpoint) await restoreState(device, state, checkpoint.tensors);
    options.onPhase?.("training", done);
    const loop = new TrainingLoop(
      config,
      {
        ...options,
        images: splits.unlabelled,
        // so that a run killed early can be resumed, and a full disk is noticed at once
        saveAtStart: !checkpoint,
        remedy: REMEDY,
      },
      step,
      state,
      done,
    );
    return await loop.run();
  } finally {
    step.destroy();
  }
}

async function evaluate(
  encoder: EncoderName,
  config: Config,
  { device, splits, signal, probing }: PretrainOptions,
  built: BuiltModel,
): Promise<LayerResults | undefined> {
  const { bank, queries } = config.evaluation;
  const images = probeImages(splits, {
    train: Math.min(bank, MAX_IMAGES.train),
    test: Math.min(queries, MAX_IMAGES.test),
  });
  if (!images || signal?.aborted) return undefined;
  const how = { encoder, signal, ...probing };
  try {
    return await probeEncoder(device, built, images, config, how);
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** Evaluates the model as the seed alone initialises it: at the end, so that the first step need not wait. */
async function evaluateUntrained(
  config: Config,
  options: PretrainOptions,
  imageSize: number,
): Promise<LayerResults | undefined> {
  const fresh = buildModel(config, imageSize);
  const result = await evaluate("untrained", config, options, fresh);
  releaseState(options.device, fresh);
  return result;
}
