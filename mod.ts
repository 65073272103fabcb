/**
 * Pretrains image encoders on unlabelled images with the method of the paper "DV²: Double View
 * Network with Dynamic Vocabulary": symbolic tensors, layers, losses, data sets and the training
 * loop, on WebGPU or WebAssembly.
 *
 * A linear model, trained by hand:
 *
 * ```ts
 * import { gradient, input, mean, matmul, multiply, openDevice, Program, square, Storage, subtract } from "@dv2/dv2";
 *
 * const weight = new Storage("weight", 3);
 * const x = input("x", [8, 3]);
 * const y = input("y", [8, 1]);
 * const loss = mean(square(subtract(matmul(x, weight.tensor([3, 1])), y)));
 * ```
 *
 * @module
 */

// the engine: graphs, gradients, programs, devices
export * from "./engine/tensor.ts";
export * from "./engine/gradient.ts";
export * from "./engine/program.ts";
export * from "./engine/open_device.ts";
export * from "./engine/user_error.ts";
export type * from "./engine/devices/device.ts";
export type * from "./engine/kernel.ts";
export type * from "./engine/expression.ts";
export type * from "./engine/memory.ts";
export type { Assignment } from "./engine/schedule.ts";

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
export * from "./layers/context.ts";
export * from "./layers/linear.ts";
export * from "./layers/convolution.ts";
export * from "./layers/norm.ts";
export * from "./layers/attention.ts";
export * from "./layers/transformer.ts";
export * from "./layers/encoder.ts";
export { ResNet, type ResNetOptions } from "./layers/resnet.ts";
export * from "./layers/patches.ts";
export * from "./layers/patch_network.ts";
export * from "./layers/masks.ts";

// losses
export * from "./losses/term.ts";
export * from "./losses/similarity.ts";
export * from "./losses/contrast.ts";
export { type MaskedPatches, maskedPatchLoss } from "./losses/masked_patch.ts";

// data
export * from "./datasets/dataset.ts";
export * from "./datasets/loader.ts";
export {
  type DatasetOptions,
  downloadDataset,
  openDataset,
} from "./datasets/registry.ts";
export * from "./datasets/augmentation/augmentation.ts";
export {
  type AugmentationOptions,
  createAugmentation,
} from "./datasets/augmentation/registry.ts";

// training
export * from "./train/config.ts";
export * from "./train/build.ts";
export * from "./train/pretrain.ts";
export * from "./train/knn.ts";
export * from "./train/models/pretext_model.ts";
