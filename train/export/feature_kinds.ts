import { input, type Tensor } from "../../engine/graph/tensor.ts";
import { concatenate } from "../../engine/ops/movement.ts";
import { mean } from "../../engine/ops/reduction.ts";
import { Context } from "../../layers/context.ts";
import type { PretextModel } from "../models/pretext_model.ts";

/** The features that evaluation compares. */
export const DEFAULT_FEATURES = "features";

/**
 * Every kind of features that a model computes: its representations by name, `all` and `image`.
 *
 * `all` is the representations side by side, each once. A linear classifier makes more of them than of
 * any by itself: 63.7 % for 60.2 % on CIFAR-10 (docs/results.md).
 *
 * `image` is the whole image through all stages of the encoder, the last map normalised, rectified and
 * averaged. It is the paper's I with the double view; without it, what the stages that learned from
 * patches say about whole images. Files for timm and ONNX compute it.
 *
 * @param images `[n, height, width, 3]`, normalised
 * @returns `[n, features]` of each kind
 */
export function allFeatures(
  model: PretextModel,
  images: Tensor,
  context: Context,
): Readonly<Record<string, Tensor>> {
  const representations = model.representations(images, context);
  // two of the others already
  const { "I, Î": _, ...layers } = representations;
  return {
    ...representations,
    all: concatenate(Object.values(layers), 1),
    image: wholeImage(model, images, context),
  };
}

/**
 * The number of values of each kind of features.
 *
 * @param imageSize height and width in pixels of what the model sees
 */
export function featureWidths(
  model: PretextModel,
  imageSize: number,
): Record<string, number> {
  const images = input("images", [1, imageSize, imageSize, 3]);
  const features = Object.entries(allFeatures(model, images, new Context()));
  return Object.fromEntries(
    features.map(([kind, { shape }]) => [kind, shape[1]]),
  );
}

/** The features `image` of {@linkcode allFeatures}: `[n, height, width, 3]` -> `[n, features]` */
export function wholeImage(
  { encoder, imageNorm }: Pick<PretextModel, "encoder" | "imageNorm">,
  images: Tensor,
  context: Context,
): Tensor {
  // [n, height, width, 3] -> [n, height', width', features]
  let y = encoder.forwardStem(images, context);
  for (let stage = 0; stage < encoder.stages; stage++) {
    y = encoder.forwardStage(stage, y, context);
  }
  // [n, height', width', features] -> [n, features]
  return mean(imageNorm.forward(y, context), { axes: [1, 2] });
}
