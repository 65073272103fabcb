import type { Tensor } from "../../engine/graph/tensor.ts";
import { mean } from "../../engine/ops/reduction.ts";
import type { Context } from "../../layers/context.ts";
import type { PatchNetwork } from "../../layers/patch_network.ts";
import type { DoubleView } from "../models/masked_patch_prediction.ts";
import type { PretextModel } from "../models/pretext_model.ts";

/** `[n, height, width, 3]`, normalised -> `[n, features]` */
export type FeatureKind = (images: Tensor, context: Context) => Tensor;

/** The parts of a model of patches that see images. */
interface PatchModel extends PretextModel {
  readonly patchNetwork: PatchNetwork;
  readonly doubleView?: DoubleView;
}

/**
 * The kinds of features that a model computes, by name; the first is what evaluation uses.
 *
 * - `patches`: the representations of the patches, averaged in each quarter of the image.
 * - `image`: the whole image through the residual network, its last map normalised, rectified and
 *   averaged. It is the paper's I with the double view; without it, what the three stages that
 *   learned from patches say about whole images. Files for timm and ONNX compute the same.
 */
export function featureKinds(
  model: PretextModel,
): ReadonlyMap<string, FeatureKind> {
  const kinds = new Map<string, FeatureKind>([
    ["patches", (images, context) => model.features(images, context)],
  ]);
  if (isPatchModel(model)) {
    kinds.set("image", (images, context) => {
      const { encoder, norm } = model.doubleView?.imageNetwork ??
        model.patchNetwork;
      // [n, height, width, 3] -> [n, height', width', features]
      let y = encoder.forwardStem(images, context);
      for (let stage = 0; stage < encoder.stages; stage++) {
        y = encoder.forwardStage(stage, y, context);
      }
      // [n, height', width', features] -> [n, features]
      return mean(norm.forward(y, context), { axes: [1, 2] });
    });
  }
  return kinds;
}

function isPatchModel(model: PretextModel): model is PatchModel {
  return "patchNetwork" in model;
}
