/**
 * What a training run is made of: pretext models, optimiser, training step, run folders, evaluation.
 *
 * @module
 */
export {
  type CheckpointConfig,
  type Config,
  type DistributedConfig,
  type EncoderOptions,
  type ModelOptions,
  type OptimizerConfig,
} from "./config/config.ts";
export type { LossOptions } from "../losses/registry.ts";
export {
  buildModel,
  type BuiltModel,
  type ModelConfig,
} from "./build_model.ts";
export type {
  Compared,
  PretextKind,
  PretextModel,
  PretextSetting,
  Representations,
} from "./models/pretext_model.ts";
export type {
  ExchangeOptions,
  PatchOptions,
  ProjectionOptions,
  TransformerSizes,
} from "./models/patch_options.ts";
export type { TargetOptions } from "./models/targets.ts";
export { DoubleView } from "./models/double_view.ts";
export {
  MaskedPatchPrediction,
  type MaskedPatchPredictionOptions,
} from "./models/masked_patch_prediction.ts";
export { Selfie, type SelfieOptions } from "./models/selfie.ts";
export { Allp, type AllpOptions } from "./models/allp.ts";
export { importTimm } from "./export/timm.ts";
export type { ModelState } from "./run/training_state.ts";
export { AdamW, type AdamWOptions, type Update } from "./adamw.ts";
export { learningRateAt, type ScheduleOptions } from "./learning_rate.ts";
export { type TotalLoss, totalLoss } from "./total_loss.ts";
export {
  type CompileOptions,
  type StepConfig,
  type StepMetrics,
  type StepParts,
  type TrainingParts,
  TrainingStep,
} from "./training_step.ts";
export {
  createRunFolder,
  openRunFolder,
  type RunFolder,
} from "./run/run_folder.ts";
export { type OpenedRun, openRun } from "./run/load_run.ts";
export { changedConfig, changeRun, type RunChanges } from "./run/change_run.ts";
export { checkData, identifyData } from "./run/data_identity.ts";
export { lockRun } from "./run/lock.ts";
export {
  type Checkpoint,
  listCheckpoints,
  loadCheckpoint,
  loadLatestCheckpoint,
} from "./run/checkpoint.ts";
export type { StoredTensor, TensorData } from "./run/safetensors_header.ts";
export { type MetricsRecord, readMetrics } from "./run/metrics_file.ts";
export { type Accuracy, accuracyOf } from "./evaluate/accuracy.ts";
export type { Features, LabelledFeatures } from "./evaluate/features.ts";
export {
  nearestNeighbourAccuracy,
  type NeighbourOptions,
  type NeighbourResult,
} from "./evaluate/knn.ts";
export {
  type LinearWeights,
  LogisticRegression,
} from "./evaluate/linear_classifier.ts";
export {
  linearProbe,
  type LinearProbeResult,
} from "./evaluate/linear_probe.ts";
export {
  type EncoderName,
  type LabelledImages,
  type LayerResult,
  type LayerResults,
  probeEncoder,
  type ProbeEvents,
  type ProbeImages,
  probeImages,
  type ProbeOptions,
  type ProbePhase,
} from "./evaluate/probe.ts";
export {
  finetuneRun,
  type FinetuneTask,
  type Finetuning,
} from "./finetune/finetune_run.ts";
export type {
  FinetuneConfig,
  FinetuneSettings,
} from "./finetune/finetune_config.ts";
export type { ClassifierInput } from "./finetune/classifier_input.ts";
export type {
  FinetuneEvents,
  FinetuneOptions,
  FinetunePhase,
  FinetuneProgress,
} from "./finetune/finetune_training.ts";
export type { FinetuneResult } from "./finetune/finetune_result.ts";
export type { ValidationRecord } from "./finetune/validation.ts";
