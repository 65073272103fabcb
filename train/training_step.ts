import type { Augmentation } from "../datasets/augmentation/augmentation.ts";
import { alone, type Communicator } from "../engine/communicator.ts";
import type { CompileListener, Device } from "../engine/devices/device.ts";
import { gradient } from "../engine/graph/gradient.ts";
import {
  isFinite,
  multiply,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { allMean } from "../engine/ops/collective.ts";
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
import { type TotalLoss, totalLoss } from "./total_loss.ts";
import { MetricsRing } from "./metrics_ring.ts";
import type { PretextModel } from "./models/pretext_model.ts";
import { learningRateAt } from "./learning_rate.ts";

/** Steps whose numbers wait on the device until they are read. */
const RING_LENGTH = 16;

/** The settings that every step depends on, whatever it minimises. */
export type StepConfig = Pick<
  Config,
  "seed" | "batchSize" | "views" | "optimizer" | "warmupSteps" | "steps"
>;

/** What a step is made of. */
export interface StepParts {
  /** Batch size, views, optimiser and seed. */
  readonly config: StepConfig;
  /**
   * The forward pass, and what of it is minimised. It may depend on an input `labels`, i32
   * `[batchSize / views]`.
   *
   * @param views `[batchSize, size, size, 3]`, normalised
   */
  readonly objective: (views: Tensor, context: Context) => TotalLoss;
  /** The parameters that learn, packed. */
  readonly parameters: PackedParameters;
  /** Turns stored images into what the model sees. */
  readonly augmentation: Augmentation;
  /** Height and width of the stored images in pixels. */
  readonly imageSize: number;
  /** The processes that share the batch equally; this one alone by default. */
  readonly communicator?: Communicator;
  /** Whether their batches are normalised together. */
  readonly synchronizesStatistics?: boolean;
}

/** What a step of pretraining is made of. */
export interface TrainingParts extends Omit<StepParts, "objective"> {
  /** Batch size, views, losses, optimiser and seed. */
  readonly config: Config;
  /** The pretext task, whose parameters are packed. */
  readonly model: PretextModel;
}

/** How {@linkcode TrainingStep.compile} works. */
export interface CompileOptions {
  /** `false` gives every value a kernel of its own: slow, for debugging. */
  readonly fused?: boolean;
  /** Called where kernels are compiled one by one, with WebGPU. */
  readonly onKernel?: CompileListener;
}

/** A step as a graph. */
export interface TracedStep {
  /** What a step computes and assigns. */
  readonly definition: ProgramDefinition;
  /** Takes the numbers of the steps. */
  readonly ring: MetricsRing;
  /** 1 after a step that was not finite, 0 before. */
  readonly halted: Storage;
  /** Holds the moments of the parameters. */
  readonly optimizer: AdamW;
}

/**
 * Traces a step of pretraining: augmentation, forward pass, losses, gradients, optimiser.
 *
 * @throws {UserError} if a loss lacks what it needs.
 */
export function traceStep({ model, ...parts }: TrainingParts): TracedStep {
  const { views, losses, model: { name }, distributed } = parts.config;
  const negatives = distributed.negatives === "all"
    ? parts.communicator
    : alone;
  return traceObjective({
    ...parts,
    synchronizesStatistics: distributed.statistics === "all",
    objective: (images, context) =>
      totalLoss(model.forward(images, views, context), losses, name, negatives),
  });
}

/** Traces a step: augmentation, forward pass and loss, gradients, optimiser. */
export function traceObjective(
  { config, objective, parameters, augmentation, imageSize, ...sharing }:
    StepParts,
): TracedStep {
  const { communicator = alone, synchronizesStatistics = false } = sharing;
  const instances = instancesOf(config, communicator);
  const images = input("images", [instances, 3, imageSize, imageSize], "u8");
  const random = new RandomSource(
    input("key", [2], "u32"),
    communicator.rank,
  );
  const context = new Context(random, { communicator, synchronizesStatistics });
  // [instances, 3, imageSize, imageSize] -> [batchSize, size, size, 3]
  const views = augmentation.train(images, config.views, random);
  const own = objective(views, context);

  const names = Object.keys(own.metrics);
  const differing = context.assignments
    .filter(({ storage }) => context.differs(storage));
  // all that differs from process to process, in one exchange
  const [flat, loss, ...means] = allMean([
    flattenGradients(gradient(own.loss, parameters.tensors)),
    own.loss,
    ...Object.values(own.metrics),
    ...differing.map(({ value }) => value),
  ], communicator);
  const metrics = Object.fromEntries(names.map((name, i) => [name, means[i]]));
  const meanOf = new Map(
    differing.map(({ storage }, i) => [storage, means[names.length + i]]),
  );
  const states = context.assignments.map(({ storage, value }) => ({
    storage,
    value: meanOf.get(storage) ?? value,
  }));

  const optimizer = new AdamW(parameters.storage, config.optimizer);
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
    ...[...update.assignments, ...states].map((assignment) =>
      onlyIf(proceeds, assignment)
    ),
    { storage: halted, value: reshape(subtract(1, proceeds), [1]) },
    ring.record(Object.values(numbers), input("slot", [1], "i32")),
  ];
  return { definition: { assignments }, ring, halted, optimizer };
}

/** Numbers of one step, by name. */
export type StepMetrics = Readonly<Record<string, number>>;

/**
 * One step of training as one program: augmentation, forward pass, losses, gradients, optimiser.
 * A step whose loss or gradient is not finite changes nothing, and neither do steps after it.
 */
export class TrainingStep {
  private constructor(
    private readonly device: Device,
    private readonly config: StepConfig,
    private readonly program: Program,
    private readonly ring: MetricsRing,
    private readonly halted: Storage,
    /** The processes that share the batch. */
    readonly communicator: Communicator,
    /** The optimiser, whose moments belong in a checkpoint. */
    readonly optimizer: AdamW,
  ) {}

  /**
   * Traces and compiles a step of pretraining.
   *
   * @throws {UserError} if a loss lacks what it needs, or the device cannot hold the step.
   */
  static async compile(
    device: Device,
    parts: TrainingParts,
    { fused, onKernel }: CompileOptions = {},
  ): Promise<TrainingStep> {
    const { definition, ...traced } = traceStep(parts);
    return await TrainingStep.compileTraced(
      device,
      parts.config,
      { ...traced, definition: { ...definition, fused } },
      parts.communicator,
      onKernel,
    );
  }

  /**
   * Compiles a step that was traced.
   *
   * @throws {UserError} if the device cannot hold the step.
   */
  static async compileTraced(
    device: Device,
    config: StepConfig,
    { definition, ring, halted, optimizer }: TracedStep,
    communicator: Communicator = alone,
    onKernel?: CompileListener,
  ): Promise<TrainingStep> {
    const program = await Program.compile(device, definition, onKernel);
    return new TrainingStep(
      device,
      config,
      program,
      ring,
      halted,
      communicator,
      optimizer,
    );
  }

  /** Images of a step in this process, of each of which there are `views`. */
  get instances(): number {
    return instancesOf(this.config, this.communicator);
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

  /**
   * Queues a step.
   *
   * @param images bytes, `[instances, 3, imageSize, imageSize]`
   * @param labels the class of each, where the objective depends on them
   */
  run(
    step: number,
    images: Uint8Array<ArrayBuffer>,
    labels?: Int32Array<ArrayBuffer>,
  ): Promise<void> {
    return this.program.run(this.#feeds(step, images, labels));
  }

  /** Numbers of the steps `from <= step < to`. */
  metrics(from: number, to: number): Promise<StepMetrics[]> {
    return this.ring.read(this.device, from, to);
  }

  /** Runs a step again, kernel by kernel, and names the first whose result is not finite. */
  firstNonFinite(
    step: number,
    images: Uint8Array<ArrayBuffer>,
    labels?: Int32Array<ArrayBuffer>,
  ): Promise<string | undefined> {
    return this.program.firstNonFinite(this.#feeds(step, images, labels));
  }

  #feeds(
    step: number,
    images: Uint8Array<ArrayBuffer>,
    labels?: Int32Array<ArrayBuffer>,
  ): Feeds {
    return {
      images,
      ...(labels && { labels }),
      key: new Uint32Array([this.config.seed, step]),
      optimizer: this.optimizer.feed(step, this.learningRate(step)),
      slot: new Int32Array([step % this.ring.length]),
    };
  }

  /** Frees what belongs to the step alone; parameters and moments stay. */
  destroy(): void {
    this.program.destroy();
    this.ring.release(this.device);
    this.device.release(this.halted);
  }
}

/** Instances that each process has of a step. */
function instancesOf(
  { batchSize, views }: StepConfig,
  { size }: Communicator,
): number {
  return batchSize / views / size;
}

function onlyIf(proceeds: Tensor, { storage, value }: Assignment): Assignment {
  return {
    storage,
    value: select(proceeds, value, storage.tensor(value.shape)),
  };
}
