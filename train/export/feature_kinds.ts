import type { Tensor } from "../../engine/graph/tensor.ts";
import { relu } from "../../engine/ops/elementwise.ts";
import { mean } from "../../engine/ops/reduction.ts";
import type { Context } from "../../layers/context.ts";
import type { BatchNorm } from "../../layers/norm.ts";
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
    const norm = imageNorm(model);
    kinds.set("image", (images, context) => {
      // [n, height, width, 3] -> [n, height', width', features]
      const { encoder } = model.patchNetwork;
      let y = encoder.forwardStem(images);
      for (let stage = 0; stage + 1 < encoder.channels.length; stage++) {
        y = encoder.forwardStage(stage, y, context);
      }
      // [n, height', width', features] -> [n, features]
      return mean(relu(norm.forward(y, context)), { axes: [1, 2] });
    });
  }
  return kinds;
}

/** What normalises the last map of whole images. */
function imageNorm({ patchNetwork, doubleView }: PatchModel): BatchNorm {
  return doubleView?.imageNetwork.norm ?? patchNetwork.norm;
}

function isPatchModel(model: PretextModel): model is PatchModel {
  return "patchNetwork" in model;
}
