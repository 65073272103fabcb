/**
 * Pretrains image encoders on unlabelled images with the method of the paper "DV²: Double View
 * Network with Dynamic Vocabulary", on WebGPU or WebAssembly.
 *
 * A preset is trained, and the encoder of its run computes features:
 *
 * ```ts
 * import {
 *   completeConfig, createRunFolder, loadRun, openDataset, openDevice, presets, pretrain,
 * } from "@dv2/dv2";
 * import { input, Program } from "@dv2/dv2/engine";
 * import { Context } from "@dv2/dv2/layers";
 *
 * const config = completeConfig({
 *   ...presets["dv2-tiny"].config,
 *   data: { name: "synthetic", trainSize: 64, testSize: 16 },
 *   steps: 2,
 *   warmupSteps: 1,
 * });
 * const { device } = await openDevice("wasm");
 * const splits = await openDataset(config.data);
 * const run = await createRunFolder("first", config, "first-run");
 * await pretrain(config, { device, splits, run });
 *
 * const { model, augmentation, imageSize } = await loadRun(run.path, device);
 * const images = input("images", [4, 3, imageSize, imageSize], "u8");
 * const features = model.features(augmentation.evaluate(images), new Context());
 * const program = await Program.compile(device, { outputs: [features] });
 * const bytes = await splits.test!.read([0, 1, 2, 3]);
 * const [vectors] = await program.evaluate({ images: bytes });
 * console.log(vectors.length / 4); // 1024 features of each image
 * device.destroy();
 * ```
 *
 * The parts have paths of their own: `@dv2/dv2/engine`, `/ops`, `/layers`, `/losses`, `/vocab`,
 * `/data`, `/train`, `/encoder` (`loadEncoder` alone) and `/worker` (a thread, for browsers).
 *
 * @module
 */

export {
  type Phase,
  pretrain,
  type PretrainOptions,
  type PretrainResult,
} from "./train/pretrain.ts";
export type { StepMetrics } from "./train/training_step.ts";
export { presets } from "./train/config/presets/mod.ts";
export type { ConfigPreset } from "./train/config/presets/preset.ts";
export type { Preset } from "./train/config/loader.ts";
export {
  type CheckpointConfig,
  completeConfig,
  type Config,
  type DistributedConfig,
  type EncoderOptions,
  type ModelOptions,
  type OptimizerConfig,
} from "./train/config/config.ts";
export type { LossOptions } from "./losses/registry.ts";
export type { PartialSettings } from "./train/config/resolve.ts";
export { type LoadedRun, loadRun } from "./train/run/load_run.ts";
export { exportEncoder, type ExportFormat } from "./train/export/formats.ts";
export { loadEncoder } from "./train/export/load_encoder.ts";
export type {
  EncodedPicture,
  EncoderContents,
  EncoderDescription,
  Picture,
  PictureDecoder,
  PixelImage,
  Preprocessing,
  PretrainedEncoder,
  PretrainedEncoderOptions,
  Squaring,
} from "./train/export/mod.ts";
export {
  createRunFolder,
  openRunFolder,
  type RunFolder,
} from "./train/run/run_folder.ts";
export type { Accuracy } from "./train/evaluate/accuracy.ts";
export type {
  NeighbourOptions,
  NeighbourResult,
} from "./train/evaluate/knn.ts";
export type { LinearProbeResult } from "./train/evaluate/linear_probe.ts";
export type { LayerResult, LayerResults } from "./train/evaluate/probe.ts";
export type { AdamWOptions } from "./train/adamw.ts";
export type {
  DatasetSplits,
  ImageDataset,
  OpenOptions,
} from "./datasets/dataset.ts";
export {
  type DatasetOptions,
  downloadDataset,
  openDataset,
} from "./datasets/registry.ts";
export type { AugmentationOptions } from "./datasets/augmentation/registry.ts";
export {
  type DeviceChoice,
  openDevice,
  type OpenedDevice,
} from "./engine/open_device.ts";
export type {
  Device,
  DeviceLimits,
  HostArray,
} from "./engine/devices/device.ts";
export { UserError } from "./engine/user_error.ts";
