import { z } from "zod";
import { augmentationSchema } from "../datasets/augmentation/registry.ts";
import { datasetSchema } from "../datasets/registry.ts";
import * as losses from "../losses/kinds.ts";
import * as encoders from "./encoders.ts";
import * as models from "./models/kinds.ts";

/** The settings of one of several kinds of thing, told apart by `name`. */
function oneOf<Schema extends z.core.$ZodTypeDiscriminable>(
  kinds: Readonly<Record<string, { readonly schema: Schema }>>,
): z.ZodDiscriminatedUnion<[Schema, ...Schema[]], "name"> {
  const schemas = Object.values(kinds).map(({ schema }) => schema);
  return z.discriminatedUnion("name", schemas as [Schema, ...Schema[]]);
}

type LossSchemas = {
  [Name in keyof typeof losses]: z.ZodPrefault<
    (typeof losses)[Name]["schema"]
  >;
};

/** One entry for each term. */
const lossesSchema = z.strictObject(
  Object.fromEntries(
    Object.entries(losses).map((
      [name, { schema }],
    ) => [name, schema.prefault({})]),
  ) as LossSchemas,
);

/** All settings of a pretraining run; the defaults are the paper's where it has any (section 4.1). */
export const configSchema = z.strictObject({
  /** Seed of initial values, data order, augmentation, masks and dropout. */
  seed: z.int().min(0).max(2 ** 32 - 1).default(0),
  data: datasetSchema,
  augmentation: augmentationSchema,
  /** D, the number of transformed views of each instance. */
  views: z.int().min(1).default(1),
  encoder: oneOf(encoders).prefault({ name: "resnet" }),
  model: oneOf(models).prefault({ name: "maskedPatchPrediction" }),
  /** The terms of the loss; a weight of 0 leaves a term out. */
  losses: lossesSchema.prefault({}),
  /** AdamW (Loshchilov and Hutter 2019). */
  optimizer: z.strictObject({
    /** The highest learning rate, reached after the warm-up. */
    learningRate: z.number().positive().default(3e-4),
    weightDecay: z.number().min(0).default(1e-4),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-8),
    /** The gradient is scaled down to this global norm; 0 leaves it as it is. */
    clipNorm: z.number().min(0).default(0),
  }).prefault({}),
  /** Number of steps. */
  steps: z.int().min(1).default(100_000),
  /** Steps over which the learning rate rises before it falls along one cosine. */
  warmupSteps: z.int().min(0).default(250),
  /** N, the number of images in a step, all views counted. */
  batchSize: z.int().min(1).default(256),
  /** Steps between two records in `metrics.jsonl`. */
  metricsEvery: z.int().min(1).default(10),
  checkpoints: z.strictObject({
    /** Steps between two checkpoints. */
    every: z.int().min(1).default(1000),
    /** How many are kept. */
    keep: z.int().min(1).default(3),
  }).prefault({}),
  /** Classification by the nearest neighbours among labelled images. */
  evaluation: z.strictObject({
    neighbours: z.int().min(1).default(20),
    /** Most labelled images to look for neighbours among. */
    bank: z.int().min(1).default(10_000),
    /** Most images to classify. */
    queries: z.int().min(1).default(2000),
    batchSize: z.int().min(1).default(100),
  }).prefault({}),
}).refine(({ batchSize, views }) => batchSize % views === 0, {
  path: ["batchSize"],
  error: "must be a multiple of views",
});

/** All settings of a pretraining run. */
export type Config = z.infer<typeof configSchema>;
