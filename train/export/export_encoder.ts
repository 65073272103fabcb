import { imageSizeOf } from "../../datasets/registry.ts";
import { SQUARING } from "../../datasets/resize.ts";
import configuration from "../../deno.json" with { type: "json" };
import { buildModel } from "../build_model.ts";
import type { ModelOptions } from "../config/config.ts";
import { loadTrained, openRun } from "../run/load_run.ts";
import type { EncoderContents } from "./encoder_file.ts";
import { featureWidths } from "./feature_kinds.ts";
import { modelTensors } from "./model_tensors.ts";

/**
 * Takes the encoder out of a run: what its latest checkpoint says of parameters and running
 * statistics, without the optimiser, the vocabularies and a momentum encoder.
 *
 * @param path The folder of the run.
 * @throws {UserError} if it is not the folder of a run, has no checkpoint, or cannot be read.
 */
export async function encoderOfRun(path: string): Promise<EncoderContents> {
  const opened = await openRun(path);
  const { config } = opened;
  const checkpoint = await loadTrained(opened);
  const model = withoutLossParts(config.model);
  const { augmentation, encoder } = config;
  const imageSize = imageSizeOf(config.data);
  const built = buildModel({ augmentation, encoder, model }, imageSize);
  return {
    description: {
      encoder,
      model,
      augmentation,
      imageSize,
      squaring: SQUARING,
      preprocessing: built.augmentation.preprocessing,
      features: featureWidths(built.model, built.augmentation.size),
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

/** The model as it computes features: vocabularies and momentum encoder serve the loss alone. */
export function withoutLossParts(options: ModelOptions): ModelOptions {
  return {
    ...options,
    ..."vocabulary" in options && { vocabulary: null },
    ..."targets" in options &&
      { targets: { ...options.targets, patches: "online" } },
  };
}
