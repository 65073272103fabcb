import type { Augmentation } from "../../datasets/augmentation/augmentation.ts";
import { Subset } from "../../datasets/subset.ts";
import type { CompileListener, Device } from "../../engine/devices/device.ts";
import type { LabelledImages } from "../evaluate/probe.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { readCheckpoint } from "../run/resume.ts";
import type { RunFolder } from "../run/run_folder.ts";
import {
  captureState,
  releaseState,
  restoreState,
} from "../run/training_state.ts";
import { type LoopConfig, TrainingLoop } from "../training_loop.ts";
import {
  type StepMetrics,
  traceObjective,
  TrainingStep,
} from "../training_step.ts";
import type { Classifier } from "./classifier.ts";
import { ClassifierProgram } from "./classifier_program.ts";
import { type FinetuneConfig, finetuneSchema } from "./finetune_config.ts";
import type { FinetuneImages } from "./finetune_images.ts";
import type { FinetuneResult } from "./finetune_result.ts";
import { Validation, type ValidationRecord } from "./validation.ts";

/** A part of a fine-tuning. */
export type FinetunePhase = "compiling" | "training" | "validation" | "test";

/** Callbacks of a fine-tuning. */
export interface FinetuneEvents {
  /** Called when a part begins, with how many steps or images of it are done, and how many there are. */
  readonly onPhase?: (
    phase: FinetunePhase,
    done: number,
    total: number,
  ) => void;
  /** Called while a step is compiled, where that takes long. */
  readonly onKernel?: CompileListener;
  /** Called with the number of steps done and the numbers of the last one. */
  readonly onStep?: (step: number, metrics: StepMetrics) => void;
  /** Called with the number of images classified in a validation or in the test. */
  readonly onProgress?: (images: number) => void;
  /** Called after each validation. */
  readonly onValidation?: (record: ValidationRecord) => void;
}

/** Where a fine-tuning computes, and its callbacks. */
export interface FinetuneOptions extends FinetuneEvents {
  /** Where it computes; the caller destroys it. */
  readonly device: Device;
  /** Stops after the step under way, with a checkpoint if a step was taken. */
  readonly signal?: AbortSignal;
}

/** What is trained, and on what. */
export interface FinetuneParts {
  /** All settings. */
  readonly config: FinetuneConfig;
  /** The network with its classifier. */
  readonly classifier: Classifier;
  /** Turns stored images into what the classifier sees. */
  readonly augmentation: Augmentation;
  /** The images by their part. */
  readonly images: FinetuneImages;
  /** Images that are classified at a time, at most. */
  readonly batchSize: number;
}

/** How far a fine-tuning has come. */
export interface FinetuneProgress {
  /** Number of steps done. */
  readonly step: number;
  /** Its result; absent if it was stopped. */
  readonly result?: FinetuneResult;
}

/** Checkpoints that are kept. */
const KEEP = 2;

/** What to do if the loss is not finite. */
const REMEDY = "begin anew in another folder with a lower learning rate";

/** The steps of a fine-tuning, its validations and its test, compiled. */
export class FinetuneTraining implements Disposable {
  private constructor(
    private readonly options: FinetuneOptions,
    private readonly parts: FinetuneParts,
    private readonly step: TrainingStep,
    private readonly program: ClassifierProgram,
  ) {}

  /**
   * Compiles what it needs.
   *
   * @throws {UserError} if the device cannot hold it.
   */
  static async compile(
    options: FinetuneOptions,
    parts: FinetuneParts,
  ): Promise<FinetuneTraining> {
    const { device } = options;
    const { classifier, augmentation, images } = parts;
    const { imageSize } = images.fitting.dataset;
    const most = Math.max(
      images.heldOut.labels.length,
      images.test.labels.length,
    );
    const config = { ...parts.config, views: 1 };
    options.onPhase?.("compiling", 0, config.steps);
    const traced = traceObjective({
      config,
      objective: (views, context) => classifier.objective(views, context),
      parameters: classifier.learning.parameters,
      augmentation,
      imageSize,
    });
    const step = await TrainingStep.compileTraced(
      device,
      config,
      traced,
      undefined,
      options.onKernel,
    );
    try {
      const program = await ClassifierProgram.compile(
        device,
        classifier,
        augmentation,
        imageSize,
        Math.min(parts.batchSize, most),
      );
      return new FinetuneTraining(options, parts, step, program);
    } catch (error) {
      release(device, classifier, step);
      throw error;
    }
  }

  /**
   * Takes the steps that are left, and classifies the test images after the last.
   *
   * @throws {UserError} if the loss is not finite, or files cannot be read or written.
   */
  async run(run: RunFolder): Promise<FinetuneProgress> {
    const { device, signal, onPhase } = this.options;
    const { learning } = this.parts.classifier;
    const config = this.#loopConfig();
    const state = { ...learning, optimizer: this.step.optimizer };
    const checkpoint = (await listCheckpoints(run.checkpointsPath)).length > 0
      ? await readCheckpoint(config, run, finetuneSchema)
      : undefined;
    if (checkpoint) await restoreState(device, state, checkpoint.tensors);
    let step = checkpoint?.step ?? 0;
    using validation = await Validation.open(run, step);
    onPhase?.("training", step, config.steps);
    const { fitting } = this.parts.images;
    const loop = new TrainingLoop(
      config,
      {
        ...this.options,
        run,
        images: new Subset(fitting.dataset, [...fitting.positions]),
        labels: fitting.labels,
        onCheckpoint: (done) => {
          step = done;
          return this.#validate(validation, done);
        },
        remedy: REMEDY,
      },
      this.step,
      state,
      step,
    );
    try {
      step = (await loop.run()).step;
      return step < config.steps
        ? { step }
        : { step, result: await this.#test(validation) };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return { step };
      throw error;
    }
  }

  #loopConfig(): FinetuneConfig & LoopConfig {
    const { config } = this.parts;
    return {
      ...config,
      checkpoints: { every: config.validateEvery, keep: KEEP },
    };
  }

  async #validate(validation: Validation, step: number): Promise<void> {
    if (validation.records.at(-1)?.step === step) return;
    const { device, onPhase, onValidation } = this.options;
    const { config, classifier, images } = this.parts;
    const { accuracy } = await this.#measure("validation", images.heldOut);
    const record = { step, accuracy };
    await validation.add(
      record,
      () => captureState(device, classifier.learning),
    );
    onValidation?.(record);
    onPhase?.("training", step, config.steps);
  }

  async #test(validation: Validation): Promise<FinetuneResult> {
    const { device } = this.options;
    const { classifier, images } = this.parts;
    const { record, tensors } = await validation.loadBest();
    await restoreState(device, classifier.learning, tensors);
    return {
      ...await this.#measure("test", images.test),
      step: record.step,
      heldOutAccuracy: record.accuracy,
      fitted: images.fitting.labels.length,
      heldOut: images.heldOut.labels.length,
      validation: [...validation.records],
    };
  }

  #measure(phase: "validation" | "test", selection: LabelledImages) {
    this.options.onPhase?.(phase, 0, selection.labels.length);
    return this.program.measure(selection, this.options);
  }

  /** Frees what lies on the device. */
  [Symbol.dispose](): void {
    this.program.destroy();
    release(this.options.device, this.parts.classifier, this.step);
  }
}

/** Frees a step and all that is trained. */
function release(
  device: Device,
  classifier: Classifier,
  step: TrainingStep,
): void {
  step.destroy();
  releaseState(device, { ...classifier.learning, optimizer: step.optimizer });
  // a different one where it is frozen
  releaseState(device, classifier.network);
}
