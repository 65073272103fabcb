/**
 * Pretrains image encoders on unlabelled images with the method of the paper "DV²: Double View
 * Network with Dynamic Vocabulary": symbolic tensors, layers, losses, data sets and the training
 * loop, on WebGPU or WebAssembly.
 *
 * A graph is traced once and replayed with new inputs. A linear model, trained by hand:
 *
 * ```ts
 * import {
 *   gradient, input, matmul, mean, multiply, openDevice, Program, square, Storage, subtract,
 * } from "@dv2/dv2";
 *
 * const weights = new Storage("weights", 2);
 * const w = weights.tensor([2, 1]);
 * const x = input("x", [4, 2]);
 * const y = input("y", [4, 1]);
 * const loss = mean(square(subtract(matmul(x, w), y)));
 * const [slope] = gradient(loss, [w]);
 *
 * const { device } = await openDevice("wasm");
 * const step = await Program.compile(device, {
 *   outputs: [loss],
 *   assignments: [{ storage: weights, value: subtract(w, multiply(slope, 0.1)) }],
 * });
 * const feeds = {
 *   x: new Float32Array([1, 0, 0, 1, 1, 1, 1, -1]),
 *   y: new Float32Array([2, -1, 1, 3]),
 * };
 * for (let i = 0; i < 100; i++) await step.run(feeds);
 * console.log(await step.read()); // the loss, close to 0
 * console.log(await device.read(weights)); // close to 2 and -1
 * device.destroy();
 * ```
 *
 * @module
 */

// the engine: graphs, gradients, programs, devices
export * from "./engine/graph/tensor.ts";
export * from "./engine/graph/gradient.ts";
export * from "./engine/program.ts";
export * from "./engine/open_device.ts";
export * from "./engine/user_error.ts";
export type * from "./engine/devices/device.ts";
export type * from "./engine/compile/kernel.ts";
export type * from "./engine/compile/expression.ts";
export type * from "./engine/compile/memory.ts";
export type { Assignment } from "./engine/compile/schedule.ts";

// operations
export * from "./engine/ops/elementwise.ts";
export * from "./engine/ops/movement.ts";
export * from "./engine/ops/reduction.ts";
export * from "./engine/ops/contraction.ts";
export * from "./engine/ops/indexing.ts";
export * from "./engine/ops/random.ts";
export * from "./engine/ops/normalization.ts";
export * from "./engine/ops/attention.ts";

// layers
export * from "./layers/module.ts";
export * from "./layers/parameter.ts";
export * from "./layers/state.ts";
export * from "./layers/packing.ts";
export * from "./layers/momentum.ts";
export * from "./layers/context.ts";
export * from "./layers/linear.ts";
export * from "./layers/convolution.ts";
export * from "./layers/norm.ts";
export * from "./layers/attention.ts";
export * from "./layers/transformer.ts";
export * from "./layers/encoder.ts";
export {
  Block,
  ResNet,
  type ResNetEncoderOptions,
  type ResNetOptions,
} from "./layers/resnet.ts";
export * from "./layers/patches.ts";
export * from "./layers/patch_network.ts";
export * from "./layers/image_network.ts";
export * from "./layers/masks.ts";
export * from "./layers/projection.ts";
export * from "./layers/attention_exchange.ts";
export * from "./layers/attention_pooling.ts";

// losses
export * from "./losses/term.ts";
export * from "./losses/outputs.ts";
export * from "./losses/similarity.ts";
export { contrast, type Normalizer } from "./losses/contrast.ts";
export {
  type MaskedPatches,
  maskedPatchLoss,
  type MaskedPatchLossOptions,
} from "./losses/masked_patch.ts";
export { imageLoss, type PredictedImages } from "./losses/image.ts";
export {
  type VocabularyComparison,
  vocabularyLoss,
} from "./losses/vocabulary.ts";
export { type Jigsaw, selfieLoss } from "./losses/selfie.ts";
export {
  allpLoss,
  type AllpLossOptions,
  type ContrastedViews,
} from "./losses/allp.ts";

// vocabularies
export * from "./vocab/vocabulary.ts";
export {
  DynamicVocabulary,
  type DynamicVocabularyOptions,
} from "./vocab/dynamic.ts";
export { Queue, type QueueOptions } from "./vocab/queue.ts";
export type { VocabularyOptions } from "./vocab/registry.ts";
export * from "./vocab/match.ts";

// data
export * from "./datasets/dataset.ts";
export * from "./datasets/loader.ts";
export {
  type DatasetOptions,
  downloadDataset,
  openDataset,
} from "./datasets/registry.ts";
export type { Cifar10Options } from "./datasets/cifar10.ts";
export type { FolderOptions } from "./datasets/folder.ts";
export type { Stl10Options } from "./datasets/stl10.ts";
export type { SyntheticOptions } from "./datasets/synthetic.ts";
export * from "./datasets/augmentation/augmentation.ts";
export {
  type AugmentationOptions,
  createAugmentation,
} from "./datasets/augmentation/registry.ts";
export type { CropOptions } from "./datasets/augmentation/crop.ts";
export type { TranslateOptions } from "./datasets/augmentation/translate.ts";

// training
export {
  type CheckpointConfig,
  completeConfig,
  type Config,
  type EncoderOptions,
  type LossOptions,
  type ModelOptions,
  type OptimizerConfig,
} from "./train/config/config.ts";
export type { PartialSettings } from "./train/config/loader.ts";
export * from "./train/build_model.ts";
export * from "./train/adamw.ts";
export * from "./train/learning_rate.ts";
export * from "./train/pretrain.ts";
export type { StepMetrics } from "./train/training_step.ts";
export * from "./train/run/run_folder.ts";
export * from "./train/evaluate/knn.ts";
export * from "./train/models/pretext_model.ts";
export type {
  ExchangeOptions,
  PatchOptions,
  TransformerSizes,
} from "./train/models/patch_options.ts";
export {
  DoubleView,
  MaskedPatchPrediction,
  type MaskedPatchPredictionOptions,
} from "./train/models/masked_patch_prediction.ts";
export { Selfie, type SelfieOptions } from "./train/models/selfie.ts";
export { Allp, type AllpOptions } from "./train/models/allp.ts";
