import type { DatasetSplits } from "../datasets/dataset.ts";
import { BatchLoader } from "../datasets/loader.ts";
import type { Device } from "../engine/devices/device.ts";
import { UserError } from "../engine/user_error.ts";
import { namedStates } from "../layers/module.ts";
import { buildModel, type BuiltModel } from "./build_model.ts";
import {
  type Checkpoint,
  loadLatestCheckpoint,
  saveCheckpoint,
} from "./run/checkpoint.ts";
import type { Config } from "./config/config.ts";
import { firstDifference } from "./config/difference.ts";
import {
  nearestNeighbourAccuracy,
  type NeighbourResult,
} from "./evaluate/knn.ts";
import { MetricsFile, readMetrics } from "./run/metrics_file.ts";
import type { RunFolder } from "./run/run_folder.ts";
import { type StepMetrics, TrainingStep } from "./training_step.ts";
import {
  captureState,
  restoreState,
  type TrainingState,
} from "./run/training_state.ts";

/** How long numbers may wait on the device before they are shown. */
const SHOW_MS = 500;

/** A part of a run: the steps, then evaluation of the encoder, and of one as it was before the first step. */
export type Phase = "training" | "trained" | "untrained";

/** What a run needs besides its config. */
export interface PretrainOptions {
  /** Where it runs; the caller destroys it. */
  readonly device: Device;
  /** The images; the caller closes them. */
  readonly splits: DatasetSplits;
  /** Where checkpoints and metrics go. */
  readonly run: RunFolder;
  /** Go on from the latest checkpoint of the run. */
  readonly resume?: boolean;
  /** Stops the run after the step under way, with a checkpoint if a step was taken. */
  readonly signal?: AbortSignal;
  /** Called when a part begins, with the number of steps done. */
  readonly onPhase?: (phase: Phase, step: number) => void;
  /** Called with the number of steps done and the numbers of the last one. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
}

/** How a run ended. */
export interface PretrainResult {
  /** Number of steps done. */
  readonly step: number;
  /** Whether nothing is left to do: `false` if `signal` stopped the run. */
  readonly finished: boolean;
  /** The numbers of the last step; absent if none is known. */
  readonly metrics?: StepMetrics;
  /** Nearest-neighbour accuracy of the encoder as it was initialised; absent without labelled images, or if the run was stopped. */
  readonly untrained?: NeighbourResult;
  /** The same after the last step. */
  readonly trained?: NeighbourResult;
}

/**
 * Pretrains an encoder as the config says. Started again with `resume`, a run goes on from its
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
    ? await readCheckpoint(config, run)
    : undefined;
  const done = checkpoint?.step ?? 0;
  const built = buildModel(config, imageSize);
  // before anything slow, so that a step that the device cannot hold is known at once
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize,
  });
  const state: TrainingState = { ...built, optimizer: step.optimizer };
  if (checkpoint) await restoreState(device, state, checkpoint.tensors);
  options.onPhase?.("training", done);
  const result = await new Loop(config, options, step, state, done).run();
  step.destroy();
  const trained = await evaluate(
    "trained",
    config,
    options,
    built,
    result.step,
  );
  const untrained = trained &&
    await evaluateUntrained(config, options, imageSize, result.step);
  return { ...result, finished: !signal?.aborted, untrained, trained };
}

async function readCheckpoint(
  config: Config,
  run: RunFolder,
): Promise<Checkpoint> {
  const checkpoint = await loadLatestCheckpoint(run.checkpointsPath);
  if (!checkpoint) {
    throw new UserError(
      `${run.path} has no checkpoint to resume from; start a new run`,
    );
  }
  checkConfig(config, checkpoint.metadata.config, run);
  // read again when the steps begin, but damage is better known before the wait
  await readMetrics(run.metricsPath);
  return checkpoint;
}

function checkConfig(config: Config, saved: unknown, run: RunFolder): void {
  const difference = firstDifference(config, saved);
  if (!difference) return;
  const { path, first, second } = difference;
  throw new UserError(
    `${run.configPath} does not match the checkpoint: ${path} is ${
      JSON.stringify(first)
    }, but the run was started with ${JSON.stringify(second)}; set it back`,
  );
}

async function evaluate(
  phase: Phase,
  config: Config,
  { device, splits: { train, test }, signal, onPhase }: PretrainOptions,
  { model, augmentation }: BuiltModel,
  step: number,
): Promise<NeighbourResult | undefined> {
  if (!train?.labels || !test?.labels || signal?.aborted) return undefined;
  onPhase?.(phase, step);
  return await nearestNeighbourAccuracy(
    device,
    model,
    augmentation,
    { train, test },
    config.evaluation,
    signal,
  );
}

/** Evaluates the model as it was initialised, whose weights follow from the seed: at the end, so that the first step need not wait. */
async function evaluateUntrained(
  config: Config,
  options: PretrainOptions,
  imageSize: number,
  step: number,
): Promise<NeighbourResult | undefined> {
  const fresh = buildModel(config, imageSize);
  const result = await evaluate("untrained", config, options, fresh, step);
  const { device } = options;
  device.release(fresh.parameters.storage);
  for (const { storage } of namedStates(fresh.model).values()) {
    device.release(storage);
  }
  return result;
}

/** Goes through the steps; holds what is pending between the device and the files. */
class Loop {
  /** Images of the steps whose numbers have not been read yet, to look into a failure. */
  readonly #pending = new Map<number, Uint8Array<ArrayBuffer>>();
  #metrics?: StepMetrics;
  /** Step of the last checkpoint; 0 if there is none. */
  #saved: number;
  #readAt = performance.now();

  constructor(
    private readonly config: Config,
    private readonly options: PretrainOptions,
    private readonly step: TrainingStep,
    private readonly state: TrainingState,
    private done: number,
  ) {
    this.#saved = done;
  }

  async run(): Promise<Pick<PretrainResult, "step" | "metrics">> {
    const { config, options } = this;
    const { unlabelled } = options.splits;
    using metricsFile = await MetricsFile.open(
      options.run.metricsPath,
      this.done,
    );
    this.#metrics = await this.#recordedMetrics();
    const loader = new BatchLoader(unlabelled, {
      batchSize: config.batchSize / config.views,
      seed: config.seed,
      startStep: this.done,
    });
    try {
      for await (const { images } of loader) {
        if (this.done >= config.steps || options.signal?.aborted) break;
        this.#pending.set(this.done, images);
        await this.step.run(this.done, images);
        this.done++;
        const isDue = this.done % config.checkpoints.every === 0;
        if (isDue || this.#mustRead()) await this.#readMetrics(metricsFile);
        if (isDue) await this.#save();
      }
    } finally {
      await loader.close();
    }
    await this.#readMetrics(metricsFile);
    if (this.#saved < this.done) await this.#save();
    return { step: this.done, metrics: this.#metrics };
  }

  /** The numbers of the last step, where they are on record from before. */
  async #recordedMetrics(): Promise<StepMetrics | undefined> {
    const record = (await readMetrics(this.options.run.metricsPath)).at(-1);
    if (record?.step !== this.done) return undefined;
    const { step: _, ...metrics } = record;
    return metrics as StepMetrics;
  }

  #mustRead(): boolean {
    return this.#pending.size >= this.step.ringLength ||
      performance.now() - this.#readAt >= SHOW_MS;
  }

  async #readMetrics(file: MetricsFile): Promise<void> {
    const first = this.done - this.#pending.size;
    const records = await this.step.metrics(first, this.done);
    for (const [i, { proceeds, ...metrics }] of records.entries()) {
      if (proceeds !== 1) await this.#reportNonFinite(first + i);
      const number = first + i + 1;
      const record = {
        ...metrics,
        learningRate: this.step.learningRate(first + i),
      };
      if (
        number % this.config.metricsEvery === 0 || number === this.config.steps
      ) {
        await file.append({ step: number, ...record });
      }
      this.#metrics = record;
    }
    this.#pending.clear();
    this.#readAt = performance.now();
    if (this.#metrics) this.options.onStep?.(this.done, this.#metrics);
  }

  async #reportNonFinite(step: number): Promise<never> {
    const culprit = await this.step.firstNonFinite(
      step,
      this.#pending.get(step)!,
    );
    throw new UserError(
      `the loss or its gradient was not finite at step ${step + 1}` +
        (culprit ? `; the first value that was not came from ${culprit}` : "") +
        (this.#saved > 0
          ? `; the last checkpoint, of step ${this.#saved}, is in ${this.options.run.checkpointsPath}`
          : "; there is no checkpoint yet") +
        "; start a new run with a lower optimizer.learningRate or with optimizer.clipNorm=0.5",
    );
  }

  async #save(): Promise<void> {
    const tensors = await captureState(this.options.device, this.state);
    await saveCheckpoint(
      this.options.run.checkpointsPath,
      { step: this.done, tensors, metadata: { config: this.config } },
      this.config.checkpoints.keep,
    );
    this.#saved = this.done;
  }
}
