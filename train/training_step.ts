import type { Augmentation } from "../datasets/augmentation/augmentation.ts";
import type { Device } from "../engine/devices/device.ts";
import { gradient } from "../engine/graph/gradient.ts";
import {
  isFinite,
  multiply,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import { RandomSource } from "../engine/ops/random.ts";
import {
  type Feeds,
  Program,
  type ProgramDefinition,
} from "../engine/program.ts";
import type { Assignment } from "../engine/compile/schedule.ts";
import { input, Storage, type Tensor } from "../engine/graph/tensor.ts";
import { Context } from "../layers/context.ts";
import { flattenGradients, type PackedParameters } from "../layers/packing.ts";
import { AdamW } from "./adamw.ts";
import type { Config } from "./config/config.ts";
import { totalLoss } from "./total_loss.ts";
import { MetricsRing } from "./metrics_ring.ts";
import type { PretextModel } from "./models/pretext_model.ts";
import { learningRateAt } from "./learning_rate.ts";

/** Steps whose numbers wait on the device until they are read. */
const RING_LENGTH = 16;

/** What a step is made of. */
export interface TrainingParts {
  /** Batch size, views, losses, optimiser and seed. */
  readonly config: Config;
  /** The pretext task, whose parameters are packed. */
  readonly model: PretextModel;
  /** The parameters of the model. */
  readonly parameters: PackedParameters;
  /** Turns stored images into what the model sees. */
  readonly augmentation: Augmentation;
  /** Height and width of the stored images in pixels. */
  readonly imageSize: number;
}

/** A step as a graph. */
export interface TracedStep {
  /** What a step computes and assigns. */
  readonly definition: ProgramDefinition;
  /** Takes the numbers of the steps. */
  readonly ring: MetricsRing;
  /** Holds the moments of the parameters. */
  readonly optimizer: AdamW;
}

/**
 * Traces a step: augmentation, forward pass, losses, gradients, optimiser.
 *
 * @throws {UserError} if a loss lacks what it needs.
 */
export function traceStep(
  { config, model, parameters, augmentation, imageSize }: TrainingParts,
): TracedStep {
  const instances = config.batchSize / config.views;
  const images = input("images", [instances, 3, imageSize, imageSize], "u8");
  const random = new RandomSource(input("key", [2], "u32"));
  const context = new Context(random);
  // [instances, 3, imageSize, imageSize] -> [batchSize, size, size, 3]
  const views = augmentation.train(images, config.views, random);
  const outputs = model.forward(views, config.views, context);
  const { loss, metrics } = totalLoss(
    outputs,
    config.losses,
    config.model.name,
  );

  const optimizer = new AdamW(parameters.storage, config.optimizer);
  const flat = flattenGradients(gradient(loss, parameters.tensors));
  const update = optimizer.update(flat, input("optimizer", [3]));
  const halted = new Storage("halted", 1);
  const proceeds = multiply(
    subtract(1, halted.tensor([])),
    multiply(isFinite(loss), isFinite(update.gradientNorm)),
  );
  const numbers = {
    loss,
    gradientNorm: update.gradientNorm,
    ...metrics,
    proceeds,
  };
  const ring = new MetricsRing(RING_LENGTH, Object.keys(numbers));
  const assignments = [
    ...[...update.assignments, ...context.assignments].map((assignment) =>
      onlyIf(proceeds, assignment)
    ),
    { storage: halted, value: reshape(subtract(1, proceeds), [1]) },
    ring.record(Object.values(numbers), input("slot", [1], "i32")),
  ];
  return { definition: { assignments }, ring, optimizer };
}

/** Numbers of one step, by name. */
export type StepMetrics = Readonly<Record<string, number>>;

/**
 * One step of pretraining as one program: augmentation, forward pass, losses, gradients, optimiser.
 * A step whose loss or gradient is not finite changes nothing, and neither do steps after it.
 */
export class TrainingStep {
  private constructor(
    private readonly device: Device,
    private readonly config: Config,
    private readonly program: Program,
    private readonly ring: MetricsRing,
    /** The optimiser, whose moments belong into a checkpoint. */
    readonly optimizer: AdamW,
  ) {}

  /**
   * Traces and compiles a step.
   *
   * @param options.fused `false` gives every value a kernel of its own: slow, for looking into a result.
   * @throws {UserError} if a loss lacks what it needs, or the device cannot hold the step.
   */
  static async compile(
    device: Device,
    parts: TrainingParts,
    options: Pick<ProgramDefinition, "fused"> = {},
  ): Promise<TrainingStep> {
    const { definition, ring, optimizer } = traceStep(parts);
    const program = await Program.compile(device, {
      ...definition,
      ...options,
    });
    return new TrainingStep(device, parts.config, program, ring, optimizer);
  }

  /**
   * The memory plan and kernels of a step.
   *
   * @internal
   */
  get plan(): Program["plan"] {
    return this.program.plan;
  }

  /** How many steps may be run before their metrics must be read. */
  get ringLength(): number {
    return this.ring.length;
  }

  /** The learning rate of a step. */
  learningRate(step: number): number {
    const { optimizer: { learningRate }, warmupSteps, steps } = this.config;
    return learningRateAt(step, { learningRate, warmupSteps, steps });
  }

  /** Queues a step on `images`, bytes `[instances, 3, imageSize, imageSize]`. */
  run(step: number, images: Uint8Array<ArrayBuffer>): Promise<void> {
    return this.program.run(this.#feeds(step, images));
  }

  /** Numbers of the steps `from <= step < to`. */
  metrics(from: number, to: number): Promise<StepMetrics[]> {
    return this.ring.read(this.device, from, to);
  }

  /** Runs a step again, kernel by kernel, and names the first whose result is not finite. */
  firstNonFinite(
    step: number,
    images: Uint8Array<ArrayBuffer>,
  ): Promise<string | undefined> {
    return this.program.firstNonFinite(this.#feeds(step, images));
  }

  #feeds(step: number, images: Uint8Array<ArrayBuffer>): Feeds {
    return {
      images,
      key: new Uint32Array([this.config.seed, step]),
      optimizer: this.optimizer.feed(step, this.learningRate(step)),
      slot: new Int32Array([step % this.ring.length]),
    };
  }

  /** Frees what belongs to the step alone; parameters and moments stay. */
  destroy(): void {
    this.program.destroy();
  }
}

function onlyIf(proceeds: Tensor, { storage, value }: Assignment): Assignment {
  return {
    storage,
    value: select(proceeds, value, storage.tensor(value.shape)),
  };
}
