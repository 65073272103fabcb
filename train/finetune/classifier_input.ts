import { concatenate } from "../../engine/ops/movement.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import { wholeImage } from "../export/feature_kinds.ts";
import type { PretextModel } from "../models/pretext_model.ts";

/**
 * What a classifier sees of an image (section 3.4):
 *
 * - `image`: the paper's I. Without the double view, the whole image through the stages that learn
 *   from patches; see `allFeatures`.
 * - `prediction`: Î, the output at [IMG], all patches visible; needs the double view.
 * - `both`: I and Î side by side.
 * - `patches`: the representations of the patches, averaged in each quarter of the image; the features
 *   of a model that does not cut images.
 */
export type ClassifierInput = "both" | "image" | "prediction" | "patches";

/** All of them. */
export const CLASSIFIER_INPUTS = [
  "both",
  "image",
  "prediction",
  "patches",
] as const satisfies readonly ClassifierInput[];

/** What a classifier may see of a model; the first is the default. */
export function inputsOf(model: PretextModel): readonly ClassifierInput[] {
  return model.predictImage ? CLASSIFIER_INPUTS : ["patches", "image"];
}

/**
 * Computes what a classifier sees, and nothing else, so that running statistics follow what is used.
 *
 * @param input one of {@linkcode inputsOf}
 * @param images `[n, height, width, 3]`, normalised
 * @returns `[n, features]`
 */
export function classifierInput(
  model: PretextModel,
  input: ClassifierInput,
  images: Tensor,
  context: Context,
): Tensor {
  switch (input) {
    case "patches":
      return model.features(images, context);
    case "image":
      return imageView(model, images, context);
    case "prediction":
      return prediction(model, images, context);
    case "both": {
      // the patches first, as in pretraining, where running statistics are updated in this order
      const predicted = prediction(model, images, context);
      return concatenate([imageView(model, images, context), predicted], 1);
    }
  }
}

function imageView(
  model: PretextModel,
  images: Tensor,
  context: Context,
): Tensor {
  return context.dropout(wholeImage(model, images, context), model.dropout);
}

function prediction(
  model: PretextModel,
  images: Tensor,
  context: Context,
): Tensor {
  if (!model.predictImage) {
    throw new RangeError("the model does not predict whole images");
  }
  return model.predictImage(images, context);
}
