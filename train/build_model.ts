import type { Augmentation } from "../datasets/augmentation/augmentation.ts";
import { createAugmentation } from "../datasets/augmentation/registry.ts";
import { UserError } from "../engine/user_error.ts";
import type { Encoder } from "../layers/encoder.ts";
import { type PackedParameters, packParameters } from "../layers/module.ts";
import type { Config } from "./config/config.ts";
import * as encoders from "./models/encoders.ts";
import * as models from "./models/kinds.ts";
import type { PretextModel, PretextSetting } from "./models/pretext_model.ts";

type StagesOf = (options: Config["model"]) => number;
type Create = (
  options: Config["model"],
  setting: PretextSetting,
) => PretextModel;

/** A model with its initial parameters, and how its images are made. */
export interface BuiltModel {
  /** The pretext task with the encoder in it. */
  readonly model: PretextModel;
  /** The parameters of the model, with their initial values. */
  readonly parameters: PackedParameters;
  /** Turns stored images into what the model sees. */
  readonly augmentation: Augmentation;
}

/**
 * Makes what a config describes.
 *
 * @param imageSize height and width of the stored images in pixels
 * @throws {UserError} if its parts do not fit together.
 */
export function buildModel(config: Config, imageSize: number): BuiltModel {
  const augmentation = createAugmentation(config.augmentation, imageSize);
  const { stagesOf, create } = models[config.model.name];
  const encoder: Encoder = encoders[config.encoder.name].create(
    config.encoder,
    (stagesOf as StagesOf)(config.model),
  );
  try {
    const model = (create as Create)(config.model, {
      encoder,
      imageSize: augmentation.size,
      seed: config.seed,
    });
    return {
      model,
      parameters: packParameters(model, config.seed),
      augmentation,
    };
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UserError(`the config does not fit together: ${error.message}`);
    }
    throw error;
  }
}
