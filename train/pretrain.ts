import type { DatasetSplits } from "../datasets/dataset.ts";
import { BatchLoader } from "../datasets/loader.ts";
import type { Device } from "../engine/devices/device.ts";
import { UserError } from "../engine/user_error.ts";
import { buildModel, type BuiltModel } from "./build.ts";
import { loadLatestCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { Config } from "./config.ts";
import { firstDifference } from "./config_difference.ts";
import { nearestNeighbourAccuracy, type NeighbourResult } from "./knn.ts";
import { MetricsFile } from "./metrics_file.ts";
import type { RunFolder } from "./run_folder.ts";
import { type StepMetrics, TrainingStep } from "./training_step.ts";
import {
  captureState,
  restoreState,
  type TrainingState,
} from "./training_state.ts";

/** How long numbers may wait on the device before they are shown. */
const SHOW_MS = 500;

/** What a run needs besides its config. */
export interface PretrainOptions {
  readonly device: Device;
  /** The images; the caller closes them. */
  readonly splits: DatasetSplits;
  /** Where checkpoints and metrics go. */
  readonly run: RunFolder;
  /** Go on from the latest checkpoint of the run. */
  readonly resume?: boolean;
  /** Stops the run after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Called with the number of steps done and the numbers of the last one. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
  /** Called with one line for people now and then. */
  readonly onMessage?: (line: string) => void;
}

/** How a run ended. */
export interface PretrainResult {
  /** Number of steps done. */
  readonly step: number;
  /** Whether all steps of the config are done. */
  readonly finished: boolean;
  /** The numbers of the last step; absent if no step was taken. */
  readonly metrics?: StepMetrics;
  /** Nearest-neighbour accuracy of the encoder before and after; absent without labelled images. */
  readonly untrained?: NeighbourResult;
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
  const { device, splits, run } = options;
  const built = buildModel(config, splits.unlabelled.imageSize);
  const untrained = await evaluate(config, options, built);
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize: splits.unlabelled.imageSize,
  });
  const state: TrainingState = { ...built, optimizer: step.optimizer };
  let done = 0;
  if (options.resume) {
    const checkpoint = await loadLatestCheckpoint(run.checkpointsPath);
    if (!checkpoint) {
      throw new UserError(`${run.path} has no checkpoint to resume from`);
    }
    checkConfig(config, checkpoint.metadata.config, run.path);
    await restoreState(device, state, checkpoint.tensors);
    done = checkpoint.step;
  }
  const result = await new Loop(config, options, step, state, done).run();
  step.destroy();
  const trained = result.finished
    ? await evaluate(config, options, built)
    : undefined;
  return { ...result, untrained, trained };
}

function checkConfig(config: Config, saved: unknown, run: string): void {
  const difference = firstDifference(config, saved);
  if (!difference) return;
  const { path, first, second } = difference;
  throw new UserError(
    `the config of ${run} does not match its checkpoint: ${path} is ${
      JSON.stringify(first)
    }, ` +
      `but the checkpoint was made with ${
        JSON.stringify(second)
      }; resume with the config that the run was started with`,
  );
}

async function evaluate(
  config: Config,
  { device, splits: { train, test }, onMessage }: PretrainOptions,
  { model, augmentation }: BuiltModel,
): Promise<NeighbourResult | undefined> {
  if (!train?.labels || !test?.labels) return undefined;
  onMessage?.("classifying by nearest neighbours ...");
  return await nearestNeighbourAccuracy(device, model, augmentation, {
    train,
    test,
  }, config.evaluation);
}

/** Goes through the steps; holds what is pending between the device and the files. */
class Loop {
  /** Images of the steps whose numbers have not been read yet, to look into a failure. */
  readonly #pending = new Map<number, Uint8Array<ArrayBuffer>>();
  #metrics?: StepMetrics;
  #readAt = performance.now();

  constructor(
    private readonly config: Config,
    private readonly options: PretrainOptions,
    private readonly step: TrainingStep,
    private readonly state: TrainingState,
    private done: number,
  ) {}

  async run(): Promise<Pick<PretrainResult, "step" | "finished" | "metrics">> {
    const { config, options } = this;
    const { unlabelled } = options.splits;
    using metricsFile = await MetricsFile.open(
      options.run.metricsPath,
      this.done,
    );
    const loader = new BatchLoader(unlabelled, {
      batchSize: config.batchSize / config.views,
      seed: config.seed,
      startStep: this.done,
    });
    let saved = this.done;
    try {
      for await (const { images } of loader) {
        if (this.done >= config.steps || options.signal?.aborted) break;
        this.#pending.set(this.done, images);
        await this.step.run(this.done, images);
        this.done++;
        const isDue = this.done % config.checkpoints.every === 0;
        if (isDue || this.#mustRead()) await this.#readMetrics(metricsFile);
        if (isDue) {
          await this.#save();
          saved = this.done;
        }
      }
    } finally {
      await loader.close();
    }
    await this.#readMetrics(metricsFile);
    if (saved < this.done) await this.#save();
    return {
      step: this.done,
      finished: this.done >= config.steps,
      metrics: this.#metrics,
    };
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
        file.append({ step: number, ...record });
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
        `. The checkpoints in ${this.options.run.checkpointsPath} are from before; ` +
        "lower optimizer.learningRate or set optimizer.clipNorm, for example to 0.5",
    );
  }

  async #save(): Promise<void> {
    const tensors = await captureState(this.options.device, this.state);
    await saveCheckpoint(
      this.options.run.checkpointsPath,
      { step: this.done, tensors, metadata: { config: this.config } },
      this.config.checkpoints.keep,
    );
  }
}
