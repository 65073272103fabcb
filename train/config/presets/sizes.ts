import type { Config } from "../config.ts";
import type { PartialSettings } from "../resolve.ts";

/** Data, encoder and schedule, and the sizes of the parts of a model. */
export interface Size {
  /** Ends the description of a preset. */
  readonly title: string;
  /** Settings that do not depend on the method. */
  readonly config: PartialSettings<Config>;
  /** Settings of the parts of a model, for the models that have them. */
  readonly parts: Readonly<Record<string, object>>;
}

/** STL-10 as in the paper (section 4.1): crops of 64 pixels; what is not named is the default. */
export const paperStl10: Size = {
  title: " at the paper's sizes on STL-10",
  config: {
    data: { name: "stl10" },
    augmentation: { name: "crop", size: 64 },
    encoder: { name: "resnet", stem: "imagenet" },
  },
  parts: {},
};

/** CIFAR-10 as in the paper; patches of 8 pixels need the small stem. */
export const paperCifar10: Size = {
  title: " at the paper's sizes on CIFAR-10",
  config: {
    data: { name: "cifar10" },
    augmentation: { name: "translate" },
    encoder: { name: "resnet", stem: "small" },
  },
  parts: {},
};

/** For the 256 features of a patch of the tiny encoder. */
const tinyTransformer = { layers: 2, heads: 8, feedForward: 256 };

/** For two processor threads, on synthetic images or others of 32 pixels. */
export const tiny: Size = {
  title: ", small, on synthetic images",
  config: {
    data: { name: "synthetic" },
    augmentation: { name: "translate" },
    encoder: { name: "resnet", depth: 26, width: 0.25, stem: "small" },
    optimizer: { learningRate: 1e-3 },
    steps: 200,
    warmupSteps: 20,
    batchSize: 32,
    checkpoints: { every: 100 },
  },
  parts: {
    transformer: tinyTransformer,
    exchange: { ...tinyTransformer, width: 128, layers: 1 },
    vocabulary: { name: "dynamic", entries: 1024 },
  },
};

/**
 * For an hour of two processor threads, on CIFAR-10 or other images of 32 pixels: ten layers on maps of
 * half the size learned more in ten minutes than ten of half the width on whole ones
 * (docs/experiments.md).
 */
export const quick: Size = {
  title: ", quick, on CIFAR-10",
  config: {
    data: { name: "cifar10" },
    augmentation: { name: "translate" },
    encoder: { name: "resnet", depth: 10, width: 0.5, stem: "strided" },
    optimizer: { learningRate: 8e-3 },
    steps: 4000,
    warmupSteps: 50,
    batchSize: 256,
    checkpoints: { every: 250 },
  },
  parts: { transformer: { layers: 1, heads: 8, feedForward: 256 } },
};

/** The encoder of {@linkcode quick} for two minutes, on synthetic images or others of 32 pixels. */
export const brief: Size = {
  ...quick,
  title: ", on drawn images",
  config: {
    ...quick.config,
    data: { name: "synthetic" },
    steps: 250,
    warmupSteps: 30,
    batchSize: 128,
    checkpoints: { every: 100 },
  },
};
