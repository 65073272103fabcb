import type { Augmentation } from "../datasets/augmentation/augmentation.ts";
import { createAugmentation } from "../datasets/augmentation/registry.ts";
import { UserError } from "../engine/user_error.ts";
import { type PackedParameters, packParameters } from "../layers/packing.ts";
import type { Config } from "./config/config.ts";
import type { PretextModel } from "./models/pretext_model.ts";
import { encoderKind, modelKind } from "./models/registry.ts";

/** V8's messages where an array would be larger than it can have. */
const ALLOCATION_FAILED =
  /^Array buffer allocation failed|^Invalid typed array/;

/** The settings of which a model is made; the seed may be absent where all values will be loaded. */
export type ModelConfig =
  & Pick<Config, "augmentation" | "encoder" | "model">
  & Partial<Pick<Config, "seed">>;

/** A model with its initial parameters, and the augmentation of its images. */
export interface BuiltModel {
  /** The pretext task with the encoder in it. */
  readonly model: PretextModel;
  /** The parameters of the model, with their initial values. */
  readonly parameters: PackedParameters;
  /** Turns stored images into the model's input. */
  readonly augmentation: Augmentation;
}

/**
 * Builds the model that a config describes.
 *
 * @param imageSize height and width of the stored images in pixels
 * @throws {UserError} if its parts do not fit together, or not into memory.
 */
export function buildModel(
  config: ModelConfig,
  imageSize: number,
): BuiltModel {
  const augmentation = createAugmentation(config.augmentation, imageSize);
  const kind = modelKind(config.model);
  const encoder = encoderKind(config.encoder).create(
    config.encoder,
    kind.encoderInput(config.model),
  );
  try {
    const model = kind.create(config.model, {
      encoder,
      imageSize: augmentation.size,
      seed: config.seed ?? 0,
    });
    return {
      model,
      parameters: packParameters(model, config.seed),
      augmentation,
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(
      ALLOCATION_FAILED.test(error.message)
        ? "the model's weights do not fit into memory; " +
          "lower encoder.width, model.transformer.feedForward or model.vocabulary.entries"
        : `the config does not fit together: ${error.message}`,
    );
  }
}
