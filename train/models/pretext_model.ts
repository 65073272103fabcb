import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { Encoder } from "../../layers/encoder.ts";
import type { PretextOutputs } from "../../losses/term.ts";

/** A pretext task with the encoder that it trains; its properties hold its parameters. */
export interface PretextModel {
  /**
   * One training pass.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance in a row
   * @param views D, the number of transformed views of each instance
   * @throws {UserError} if it cannot learn from so many views.
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs;
  /**
   * What the encoder says about images, for evaluation.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]`
   */
  features(images: Tensor, context: Context): Tensor;
}

/** What a model is made for. */
export interface PretextSetting {
  /** The network that is pretrained. */
  readonly encoder: Encoder;
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** Seed of initial values that are not parameters. */
  readonly seed: number;
}
