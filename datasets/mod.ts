/**
 * Data sets of images, their augmentation and their loading.
 *
 * @module
 */
export type {
  DatasetKind,
  DatasetSplits,
  DownloadProgress,
  ImageDataset,
  OpenOptions,
  ProgressListener,
} from "./dataset.ts";
export {
  type DatasetOptions,
  downloadDataset,
  fingerprintDataset,
  openDataset,
} from "./registry.ts";
export type { Fingerprint } from "./fingerprint.ts";
export type { Cifar10Options } from "./cifar10.ts";
export type { FolderOptions } from "./folder.ts";
export type { Stl10Options } from "./stl10.ts";
export type { SyntheticOptions } from "./synthetic.ts";
export { MemoryImages } from "./memory_images.ts";
export { type Batch, BatchLoader, type BatchLoaderOptions } from "./loader.ts";
export type {
  Augmentation,
  AugmentationKind,
} from "./augmentation/augmentation.ts";
export {
  type AugmentationOptions,
  createAugmentation,
} from "./augmentation/registry.ts";
export type { CropOptions } from "./augmentation/crop.ts";
export type { TranslateOptions } from "./augmentation/translate.ts";
