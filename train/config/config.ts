import { z } from "zod";
import * as augmentations from "../../datasets/augmentation/kinds.ts";
import type { AugmentationOptions } from "../../datasets/augmentation/registry.ts";
import * as datasets from "../../datasets/kinds.ts";
import { pathSetting } from "../../datasets/path_setting.ts";
import type { DatasetOptions } from "../../datasets/registry.ts";
import * as losses from "../../losses/kinds.ts";
import type { LossOptions } from "../../losses/registry.ts";
import type { AdamWOptions } from "../adamw.ts";
import { type PartialSettings, resolveConfig } from "./resolve.ts";
import { oneOf } from "./one_of.ts";
import * as encoders from "../models/encoders.ts";
import type { NeighbourOptions } from "../evaluate/knn.ts";
import * as models from "../models/kinds.ts";

/** Options of any kind of encoder; `name` says which. */
export type EncoderOptions = Parameters<
  (typeof encoders)[keyof typeof encoders]["create"]
>[0];

/** Options of any pretext model; `name` says which. */
export type ModelOptions = Parameters<
  (typeof models)[keyof typeof models]["create"]
>[0];

/** AdamW (Loshchilov and Hutter 2019), and how far its learning rate rises. */
export interface OptimizerConfig extends AdamWOptions {
  /** The highest learning rate, reached after the warm-up; above 0. */
  readonly learningRate: number;
}

/** When checkpoints are written. */
export interface CheckpointConfig {
  /** Steps between two checkpoints, at least 1; 1000 by default. */
  readonly every: number;
  /** How many of the newest are kept, at least 1; 3 by default. */
  readonly keep: number;
}

/** How processes that train together share a step; without effect where there is only one. */
export interface DistributedConfig {
  /** Whether predictions are compared with the targets of `all` processes, the default, or the `local` ones alone. */
  readonly negatives: "all" | "local";
  /** Whether batch normalisation takes the statistics of its `local` batch, the default, or of `all` processes. */
  readonly statistics: "local" | "all";
}

/** All settings of a pretraining run; the defaults are the paper's where it has any (section 4.1). */
export interface Config {
  /** Seed of initial values, data order, augmentation, masks and dropout, 0 (default) to 2³² - 1. */
  readonly seed: number;
  /** The images; without a default. */
  readonly data: DatasetOptions;
  /** How images become views; without a default. */
  readonly augmentation: AugmentationOptions;
  /** D, the number of transformed views of each instance, at least 1 (default). */
  readonly views: number;
  /** The network that is pretrained; a ResNet-50 by default. */
  readonly encoder: EncoderOptions;
  /**
   * A safetensors file with the names of timm's `resnetv2`, whose weights the encoder starts from;
   * by default it starts from random ones.
   */
  readonly initialWeights?: string;
  /** The task that it learns from; masked patch prediction by default. */
  readonly model: ModelOptions;
  /** The terms of the loss; one of them needs a weight above 0. */
  readonly losses: LossOptions;
  /** How the parameters follow the gradient. */
  readonly optimizer: OptimizerConfig;
  /** Number of steps, at least 1; 100,000 by default. */
  readonly steps: number;
  /** Steps over which the learning rate rises before it falls along one cosine; 250 by default. */
  readonly warmupSteps: number;
  /** N, the number of images in a step, all views counted: a multiple of `views`. 256 by default. */
  readonly batchSize: number;
  /** How processes share a step. */
  readonly distributed: DistributedConfig;
  /** Steps between two records in `metrics.jsonl`, at least 1; 10 by default. */
  readonly metricsEvery: number;
  /** When checkpoints are written. */
  readonly checkpoints: CheckpointConfig;
  /**
   * Classification by the nearest neighbours among labelled images, before and after; by default
   * 20 neighbours among at most 10,000 images for at most 2000, encoded 100 at a time.
   */
  readonly evaluation: NeighbourOptions;
}

type LossSchemas = {
  [Name in keyof typeof losses]: z.ZodPrefault<
    (typeof losses)[Name]["schema"]
  >;
};

/** One entry for each term; a cast, for want of a type of what a function makes of each property. */
const lossesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(losses).map((
      [name, { schema }],
    ) => [name, schema.prefault({})]),
  ) as LossSchemas,
);

/** Accepts an {@linkcode OptimizerConfig} with a default for its learning rate. */
export function optimizerSchema(learningRate: number) {
  return z.strictObject({
    learningRate: z.number().positive().default(learningRate),
    weightDecay: z.number().min(0).default(1e-4),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    clipNorm: z.number().min(0).default(0),
  }).prefault({});
}

/** Accepts a {@linkcode Config}. */
export const configSchema = z.strictObject({
  seed: z.int().min(0).max(2 ** 32 - 1).default(0),
  data: oneOf<DatasetOptions>(datasets),
  augmentation: oneOf<AugmentationOptions>(augmentations),
  views: z.int().min(1).default(1),
  encoder: oneOf<EncoderOptions>(encoders).prefault({ name: "resnet" }),
  initialWeights: pathSetting.optional(),
  model: oneOf<ModelOptions>(models).prefault({
    name: "maskedPatchPrediction",
  }),
  losses: lossesSchema.prefault({}),
  optimizer: optimizerSchema(3e-4),
  steps: z.int().min(1).default(100_000),
  warmupSteps: z.int().min(0).default(250),
  batchSize: z.int().min(1).default(256),
  distributed: z.strictObject({
    negatives: z.enum(["all", "local"]).default("all"),
    statistics: z.enum(["local", "all"]).default("local"),
  }).prefault({}),
  metricsEvery: z.int().min(1).default(10),
  checkpoints: z.strictObject({
    every: z.int().min(1).default(1000),
    keep: z.int().min(1).default(3),
  }).prefault({}),
  evaluation: z.strictObject({
    neighbours: z.int().min(1).default(20),
    bank: z.int().min(1).default(10_000),
    queries: z.int().min(1).default(2000),
    batchSize: z.int().min(1).default(100),
  }).prefault({}),
}).refine(({ batchSize, views }) => batchSize % views === 0, {
  path: ["batchSize"],
  error: "must be a multiple of views",
}) satisfies z.ZodType<Config>;

/**
 * Accepts the {@linkcode Config} of a new run. What runs of earlier versions had is no reason not to
 * open them.
 */
export const newConfigSchema = configSchema.superRefine(
  ({ warmupSteps, steps }, { addIssue }) => {
    // fewer steps than one are a mistake of their own
    if (warmupSteps <= steps || steps < 1) return;
    addIssue({
      code: "custom",
      path: ["warmupSteps"],
      message:
        `the learning rate cannot rise over ${warmupSteps} steps in a run of ${steps}; ` +
        `set warmupSteps to ${steps} at most, to ${
          Math.floor(steps / 10)
        } for instance`,
    });
  },
);

/**
 * Lays settings over the defaults.
 *
 * @throws {UserError} if settings are missing, unknown or wrong; all of them are named, a line each.
 */
export function completeConfig(settings: PartialSettings<Config>): Config {
  return resolveConfig(newConfigSchema, [settings]);
}
