import { z } from "zod";
import { UserError } from "../../engine/user_error.ts";
import { type OptimizerConfig, optimizerSchema } from "../config/config.ts";
import { requireStep } from "../run/checkpoint.ts";
import { type PartialSettings, resolveConfig } from "../config/resolve.ts";
import { CLASSIFIER_INPUTS, type ClassifierInput } from "./classifier_input.ts";

/**
 * All settings of a fine-tuning; the defaults are those of the paper's supervised training
 * (section 4.1) where it has any.
 */
export interface FinetuneConfig {
  /**
   * Step of the run's checkpoint to begin with, the latest by default; 0 if the network starts from
   * its initial values.
   */
  readonly checkpoint: number;
  /** Whether the network starts from the initial values of `seed` instead; `false` by default. */
  readonly fromScratch: boolean;
  /**
   * Whether the classifier alone learns, the network evaluating with its parameters and running
   * statistics as they are; `false` by default.
   */
  readonly frozen: boolean;
  /** What the classifier sees; `both` by default, `patches` for models without the double view. */
  readonly input: ClassifierInput;
  /** Share of the labelled training images that is used, of every class the same; 1 by default. */
  readonly labels: number;
  /** Seed of splits, initial values, data order, augmentation and dropout; by default the run's. */
  readonly seed: number;
  /** How the parameters follow the gradient; by default with a learning rate of up to 1e-4. */
  readonly optimizer: OptimizerConfig;
  /** Number of steps, at least 1; 5000 by default. */
  readonly steps: number;
  /**
   * Steps over which the learning rate rises before it falls along one cosine; by default the
   * paper's 250, but no more than a twentieth of all steps.
   */
  readonly warmupSteps: number;
  /** Images of a step, at least 1; 32 by default. */
  readonly batchSize: number;
  /** Steps between two records in `metrics.jsonl`, at least 1; 10 by default. */
  readonly metricsEvery: number;
  /** Steps between two validations, each with a checkpoint, at least 1; 250 by default. */
  readonly validateEvery: number;
}

/** The paper's warm-up (section 4.1). */
const WARMUP_STEPS = 250;

/** Accepts the settings of a {@linkcode FinetuneConfig}; what depends on the run may be left out. */
export const finetuneSchema = z.strictObject({
  checkpoint: z.int().min(0).optional(),
  fromScratch: z.boolean().default(false),
  frozen: z.boolean().default(false),
  input: z.enum(CLASSIFIER_INPUTS).optional(),
  labels: z.number().positive().max(1).default(1),
  seed: z.uint32().optional(),
  optimizer: optimizerSchema(1e-4),
  steps: z.int().min(1).default(5000),
  warmupSteps: z.int().min(0).optional(),
  batchSize: z.int().min(1).default(32),
  metricsEvery: z.int().min(1).default(10),
  validateEvery: z.int().min(1).default(250),
});

/** Settings of a fine-tuning of which any may be left out. */
export type FinetuneSettings = PartialSettings<FinetuneConfig>;

/** What the defaults of some settings depend on. */
export interface FinetuneSource {
  /** Seed of the run. */
  readonly seed: number;
  /** What a classifier may see of its model, the default first. */
  readonly inputs: readonly ClassifierInput[];
  /** The steps of which it has a checkpoint, ascending. */
  readonly checkpoints: readonly number[];
  /** Names the run in errors. */
  readonly path: string;
}

/**
 * Lays settings over the defaults for a run.
 *
 * @throws {UserError} if settings are unknown or wrong, or do not fit the run.
 */
export function completeFinetune(
  settings: FinetuneSettings,
  source: FinetuneSource,
): FinetuneConfig {
  const given = resolveConfig(finetuneSchema, [settings]);
  return {
    ...given,
    checkpoint: checkpointOf(given, source),
    input: inputOf(given, source),
    seed: given.seed ?? source.seed,
    warmupSteps: given.warmupSteps ??
      Math.min(WARMUP_STEPS, Math.round(given.steps / 20)),
  };
}

type Given = z.output<typeof finetuneSchema>;

function checkpointOf(
  { fromScratch, checkpoint }: Given,
  { checkpoints, path }: FinetuneSource,
): number {
  if (fromScratch) {
    if (!checkpoint) return 0;
    throw new UserError(
      "a network from scratch takes no checkpoint; leave out one of the two",
    );
  }
  const step = checkpoint ?? checkpoints.findLast((step) => step > 0);
  if (step === undefined) {
    throw new UserError(
      `${path} has no checkpoint of a step yet; resume the run until it has one`,
    );
  }
  requireStep(step, checkpoints, path);
  return step;
}

function inputOf(
  { input }: Given,
  { inputs }: FinetuneSource,
): ClassifierInput {
  const chosen = input ?? inputs[0];
  if (inputs.includes(chosen)) return chosen;
  throw new UserError(
    `input is ${chosen}, which takes a model with the double view; that of the run has ${
      inputs.join(" and ")
    }`,
  );
}

/** The name of a fine-tuning's folder: what it begins with, what learns, and from what. */
export function nameOf(config: FinetuneConfig): string {
  const { input, fromScratch, frozen, checkpoint, labels, seed } = config;
  return [
    input,
    fromScratch ? "from-scratch" : `step-${checkpoint}`,
    ...(frozen ? ["frozen"] : []),
    ...(labels < 1 ? [`labels-${labels}`] : []),
    `seed-${seed}`,
  ].join("-");
}
