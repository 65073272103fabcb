import { concatenate } from "../../engine/ops/movement.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { Context } from "../../layers/context.ts";
import { isPatchModel, wholeImage } from "../export/feature_kinds.ts";
import {
  type DoubleView,
  MaskedPatchPrediction,
} from "../models/masked_patch_prediction.ts";
import type { PretextModel } from "../models/pretext_model.ts";

/**
 * What a classifier sees of an image (section 3.4):
 *
 * - `image`: the paper's I. Without the double view, the whole image through the stages that learn
 *   from patches; see `allFeatures`.
 * - `prediction`: Î, the output at [IMG], all patches visible; needs the double view.
 * - `both`: I and Î side by side.
 * - `patches`: the representations of the patches, averaged in each quarter of the image.
 */
export type ClassifierInput = "both" | "image" | "prediction" | "patches";

/** All of them. */
export const CLASSIFIER_INPUTS = [
  "both",
  "image",
  "prediction",
  "patches",
] as const satisfies readonly ClassifierInput[];

interface DoubleViewModel extends MaskedPatchPrediction {
  readonly doubleView: DoubleView;
}

function hasDoubleView(model: PretextModel): model is DoubleViewModel {
  return model instanceof MaskedPatchPrediction &&
    model.doubleView !== undefined;
}

/** What a classifier may see of a model; the first is the default. */
export function inputsOf(model: PretextModel): readonly ClassifierInput[] {
  if (hasDoubleView(model)) return CLASSIFIER_INPUTS;
  return isPatchModel(model) ? ["patches", "image"] : ["patches"];
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
  if (!isPatchModel(model)) {
    throw new RangeError("the model has no path for whole images");
  }
  return context.dropout(
    wholeImage(model, images, context),
    model.patchNetwork.dropout,
  );
}

function prediction(
  model: PretextModel,
  images: Tensor,
  context: Context,
): Tensor {
  if (!hasDoubleView(model)) {
    throw new RangeError("the model has no double view");
  }
  const P = model.patchNetwork.forward(images, context);
  return model.predictImage(model.doubleView, P, context);
}
