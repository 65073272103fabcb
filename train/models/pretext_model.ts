import type { z } from "zod";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { Encoder, EncoderInput } from "../../layers/encoder.ts";
import type { PretextOutputs } from "../../losses/outputs.ts";

/** A pretext task around the encoder that it trains; its properties hold its parameters and states. */
export interface PretextModel {
  /**
   * One training pass.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance are consecutive
   * @param views D, the number of transformed views of each instance
   * @throws {UserError} if the task needs more views.
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs;
  /**
   * Features of images, for evaluation.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]`
   */
  features(images: Tensor, context: Context): Tensor;
  /**
   * Everything that can be read off the encoder in one pass, to compare layers by: the maps of its
   * stages and what the task makes of them. `features` is one entry of it.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]` for each name
   */
  representations(images: Tensor, context: Context): Representations;
}

/** `[n, features]` by name, in the order in which tables list them. */
export type Representations = Readonly<Record<string, Tensor>>;

/** What a model is made for. */
export interface PretextSetting {
  /** The network that is pretrained. */
  readonly encoder: Encoder;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Seed of the initial values of states; those of parameters follow when they are packed. */
  readonly seed: number;
}

/** A kind of pretext model, as its file exports it. */
export interface PretextKind<Options> {
  /**
   * Accepts its options, whose `name` is the name in the registry.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /** What its encoder must be able to take. */
  encoderInput(options: Options): EncoderInput;
  /**
   * The task around an encoder.
   *
   * @throws {RangeError} if the options do not fit each other, the encoder or the images.
   */
  create(options: Options, setting: PretextSetting): PretextModel;
}
