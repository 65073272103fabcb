import type { ImageDataset } from "../datasets/dataset.ts";
import { BatchLoader } from "../datasets/loader.ts";
import type { Device } from "../engine/devices/device.ts";
import { Agreement } from "./distributed/agreement.ts";
import { checkSame, shareState } from "./distributed/share.ts";
import type { Fingerprint } from "../datasets/fingerprint.ts";
import { UserError } from "../engine/user_error.ts";
import type { Config } from "./config/config.ts";
import { readIdentity } from "./run/data_identity.ts";
import { saveCheckpoint } from "./run/checkpoint.ts";
import {
  MetricsFile,
  type MetricsRecord,
  readMetrics,
} from "./run/metrics_file.ts";
import { EventFile } from "./run/tensorboard/event_file.ts";
import type { RunFolder } from "./run/run_folder.ts";
import { captureState, type TrainingState } from "./run/training_state.ts";
import type { StepMetrics, TrainingStep } from "./training_step.ts";

/** How long numbers may wait on the device before they are shown. */
const SHOW_MS = 500;

/** The settings that the loop depends on, whatever a step minimises. */
export type LoopConfig = Pick<
  Config,
  "seed" | "steps" | "batchSize" | "metricsEvery" | "checkpoints"
>;

/** What the steps of a run need besides its config. */
export interface LoopOptions {
  /** Where they run. */
  readonly device: Device;
  /** The images. */
  readonly images: ImageDataset;
  /** The class of each image, where the steps learn from them. */
  readonly labels?: Uint32Array;
  /** Where checkpoints and metrics go. */
  readonly run: RunFolder;
  /** Writes the numbers for TensorBoard too. */
  readonly tensorBoard?: boolean;
  /** Saves a checkpoint before the first step. */
  readonly saveAtStart?: boolean;
  /**
   * Whether the processes compute on different devices, which round differently: each checkpoint then
   * gives the state of rank 0 to all. Otherwise they must have come to the same.
   */
  readonly devicesDiffer?: boolean;
  /** Stops after the step under way. */
  readonly signal?: AbortSignal;
  /** Called with the number of steps done, the numbers of the last one, and the rank that waits least. */
  readonly onStep?: (
    step: number,
    metrics: StepMetrics,
    slowestRank: number,
  ) => void;
  /**
   * Called with the number of steps done after each checkpoint that was due, and before the first
   * step when the loop begins at one; what it throws ends the loop.
   */
  readonly onCheckpoint?: (step: number) => Promise<void>;
  /** What to do if the loss is not finite. */
  readonly remedy: string;
}

/** Images of a step, and their classes where it learns from them. */
type StepBatch = readonly [
  images: Uint8Array<ArrayBuffer>,
  labels?: Int32Array<ArrayBuffer>,
];

/** Where the steps ended. */
export interface LoopResult {
  /** Number of steps done. */
  readonly step: number;
  /** The numbers of the last step; absent if none is known. */
  readonly metrics?: StepMetrics;
  /** The rank that was asked to stop the steps; absent if none was. */
  readonly stoppedBy?: number;
}

/**
 * Goes through the steps, of which several processes may each take their part: rank 0 alone writes
 * files. Holds what is pending between the device and the files.
 */
export class TrainingLoop {
  /** The batches of the steps whose numbers have not been read yet, to look into a failure. */
  readonly #pending = new Map<number, StepBatch>();
  readonly #agreement: Agreement;
  #metrics?: StepMetrics;
  /** Step of the last checkpoint; 0 if there is none. */
  #saved: number;
  /** What is noted of the images. */
  #data?: Fingerprint;
  #readAt = performance.now();

  /** Goes on after `done` steps. */
  constructor(
    private readonly config: LoopConfig,
    private readonly options: LoopOptions,
    private readonly step: TrainingStep,
    private readonly state: TrainingState,
    private done: number,
  ) {
    this.#saved = done;
    this.#agreement = new Agreement(step.communicator);
  }

  /**
   * Takes the steps that are left, and saves a checkpoint after the last.
   *
   * @throws {UserError} The loss is not finite, or a file cannot be read or written.
   * @throws What `onCheckpoint` throws.
   */
  async run(): Promise<LoopResult> {
    const { config, options, step: { communicator } } = this;
    const writes = communicator.rank === 0;
    using metricsFile = writes
      ? await MetricsFile.open(options.run.metricsPath, this.done)
      : undefined;
    const recorded = writes ? await readMetrics(options.run.metricsPath) : [];
    using eventFile = writes && options.tensorBoard
      ? await EventFile.open(options.run.path, recorded)
      : undefined;
    const files = [metricsFile, eventFile].filter((file) => file !== undefined);
    this.#metrics = metricsAt(this.done, recorded);
    this.#data = writes ? await readIdentity(options.run) : undefined;
    if (options.saveAtStart) await this.#save();
    if (this.#isDue()) await options.onCheckpoint?.(this.done);
    this.#readAt = performance.now();
    const loader = new BatchLoader(options.images, {
      batchSize: this.step.instances,
      seed: config.seed,
      startStep: this.done,
      part: communicator,
    });
    try {
      for await (const { images, indices } of loader) {
        if (this.done >= config.steps || await this.#isStopped()) break;
        const batch = this.#withLabels(images, indices);
        this.#pending.set(this.done, batch);
        await this.step.run(this.done, ...batch);
        this.done++;
        const isDue = this.#isDue();
        if (isDue || this.#mustRead()) await this.#readMetrics(files);
        if (isDue) {
          await this.#save();
          await options.onCheckpoint?.(this.done);
          // this time does not belong to the steps
          this.#readAt = performance.now();
        }
      }
    } finally {
      await loader.close();
    }
    await this.#readMetrics(files);
    if (this.#saved < this.done) await this.#save();
    return {
      step: this.done,
      metrics: this.#metrics,
      stoppedBy: this.#agreement.stoppedBy,
    };
  }

  /** Whether the steps end here, for all processes. */
  async #isStopped(): Promise<boolean> {
    const stops = this.options.signal?.aborted ?? false;
    if (this.step.communicator.size === 1) return stops;
    await this.#agreement.renew(stops, this.#isReadDue());
    return this.#agreement.stoppedBy !== undefined;
  }

  /** Whether a checkpoint is due: at regular intervals, and after the last step. */
  #isDue(): boolean {
    const { steps, checkpoints: { every } } = this.config;
    return this.done > 0 && (this.done % every === 0 || this.done === steps);
  }

  #withLabels(
    images: Uint8Array<ArrayBuffer>,
    indices: Uint32Array,
  ): StepBatch {
    const { labels } = this.options;
    return labels
      ? [images, Int32Array.from(indices, (index) => labels[index])]
      : [images];
  }

  #mustRead(): boolean {
    return this.#pending.size >= this.step.ringLength ||
      (this.step.communicator.size === 1
        ? this.#isReadDue()
        : this.#agreement.reads);
  }

  #isReadDue(): boolean {
    return performance.now() - this.#readAt >= SHOW_MS;
  }

  async #readMetrics(
    files: readonly (MetricsFile | EventFile)[],
  ): Promise<void> {
    const first = this.done - this.#pending.size;
    const records = await this.step.metrics(first, this.done);
    const time = new Date().toISOString();
    const seconds = (performance.now() - this.#readAt) / 1000;
    const images = this.config.batchSize * records.length;
    const imagesPerSecond = Number((images / seconds).toPrecision(4));
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
        for (const file of files) {
          await file.append({
            step: number,
            time,
            imagesPerSecond,
            ...record,
          });
        }
      }
      this.#metrics = record;
    }
    this.#pending.clear();
    this.#readAt = performance.now();
    if (!this.#metrics) return;
    this.options.onStep?.(this.done, this.#metrics, this.#agreement.slowest);
  }

  async #reportNonFinite(step: number): Promise<never> {
    const culprit = await this.step.firstNonFinite(
      step,
      ...this.#pending.get(step)!,
    );
    throw new UserError(
      `the loss or its gradient was not finite at step ${step + 1}` +
        (culprit ? `; the first value that was not came from ${culprit}` : "") +
        (this.#saved > 0
          ? `; the last checkpoint, of step ${this.#saved}, is in ${this.options.run.checkpointsPath}`
          : "; there is no checkpoint yet") +
        `; ${this.options.remedy}`,
    );
  }

  async #save(): Promise<void> {
    const { communicator } = this.step;
    const { device, devicesDiffer } = this.options;
    if (devicesDiffer) await shareState(device, this.state, communicator);
    const tensors = await captureState(device, this.state);
    await checkSame(tensors, communicator, this.done);
    this.#saved = this.done;
    if (communicator.rank > 0) return;
    const { config, options: { run } } = this;
    const processes = communicator.size;
    const metadata = { config, data: this.#data, processes };
    await saveCheckpoint(
      run.checkpointsPath,
      { step: this.done, tensors, metadata },
      config.checkpoints.keep,
    );
  }
}

/** The metrics of a step, if the last record is of that step. */
function metricsAt(
  step: number,
  records: readonly MetricsRecord[],
): StepMetrics | undefined {
  const last = records.at(-1);
  if (last?.step !== step) return undefined;
  const { step: _, time: _time, imagesPerSecond: _speed, ...metrics } = last;
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, value]] : []
    ),
  );
}
