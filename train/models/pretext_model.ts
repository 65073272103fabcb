import type { Tensor } from "../../engine/tensor.ts";
import type { Context } from "../../layers/context.ts";
import type { PretextOutputs } from "../../losses/term.ts";

/** A pretext task with the encoder that it trains; its properties hold its parameters. */
export interface PretextModel {
  /**
   * One training pass.
   *
   * @param images `[n, height, width, 3]`, normalised; the views of an instance in a row
   * @param views D, the number of transformed views of each instance
   */
  forward(images: Tensor, views: number, context: Context): PretextOutputs;
  /**
   * What the encoder says about images, for evaluation.
   *
   * @param images `[n, height, width, 3]`, normalised
   * @returns `[n, features]`
   */
  represent(images: Tensor, context: Context): Tensor;
}
