import { imageSizeOf } from "../../datasets/registry.ts";
import { input } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { Context } from "../../layers/context.ts";
import configuration from "../../deno.json" with { type: "json" };
import { buildModel, type BuiltModel } from "../build_model.ts";
import type { ModelOptions } from "../config/config.ts";
import { loadLatestCheckpoint } from "../run/checkpoint.ts";
import { openRun } from "../run/load_run.ts";
import type { EncoderContents } from "./encoder_file.ts";
import { featureKinds } from "./feature_kinds.ts";
import { modelTensors } from "./model_tensors.ts";

/**
 * Takes the encoder out of a run: what its latest checkpoint says of parameters and running
 * statistics, without the optimiser and the vocabularies.
 *
 * @param path The folder of the run.
 * @throws {UserError} if it is not the folder of a run, has no checkpoint, or cannot be read.
 */
export async function encoderOfRun(path: string): Promise<EncoderContents> {
  const { run, config } = await openRun(path);
  const checkpoint = await loadLatestCheckpoint(run.checkpointsPath);
  if (!checkpoint) {
    throw new UserError(
      `${path} has no checkpoint yet; train it first, with deno task pretrain`,
    );
  }
  const model = withoutVocabulary(config.model);
  const { augmentation, encoder } = config;
  const imageSize = imageSizeOf(config.data);
  const built = buildModel({ augmentation, encoder, model }, imageSize);
  return {
    description: {
      encoder,
      model,
      augmentation,
      imageSize,
      preprocessing: built.augmentation.preprocessing,
      features: featureWidths(built, imageSize),
      packageVersion: configuration.version,
      step: checkpoint.step,
      config: { ...config },
    },
    tensors: modelTensors(
      built,
      checkpoint.tensors,
      `the checkpoint of step ${checkpoint.step} in ${path}`,
    ),
  };
}

/** The model as it computes features: its vocabularies serve the loss alone. */
function withoutVocabulary(options: ModelOptions): ModelOptions {
  return "vocabulary" in options ? { ...options, vocabulary: null } : options;
}

function featureWidths(
  { model, augmentation }: BuiltModel,
  imageSize: number,
): Record<string, number> {
  const images = augmentation.evaluate(
    input("images", [1, 3, imageSize, imageSize], "u8"),
  );
  const widths: Record<string, number> = {};
  for (const [kind, compute] of featureKinds(model)) {
    widths[kind] = compute(images, new Context()).shape[1];
  }
  return widths;
}
