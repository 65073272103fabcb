import { z } from "zod";
import { alone, type Communicator } from "../engine/communicator.ts";
import { allGather } from "../engine/ops/collective.ts";
import { reshape } from "../engine/ops/movement.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { collapseIndicators } from "./collapse.ts";
import { contrast, type ContrastOptions, contrastOptions } from "./contrast.ts";
import { countInstances, sameInstance } from "./pairs.ts";
import type { LossTerm, LossValue, Weighted } from "./term.ts";
import type { VocabularyComparison } from "./vocabulary.ts";

/** Settings of the image loss; its weight is α_mi, 0 by default. */
export interface ImageLossOptions extends Weighted, ContrastOptions {}

/** L_mi, Eq. 16. */
export const image: LossTerm<PredictedImages, ImageLossOptions> = {
  title: "Whole images, L_mi",
  subject: "images",
  schema: z.strictObject({
    weight: z.number().min(0).default(0),
    ...contrastOptions,
  }),
  needs: "model.doubleView",
  compute: (images, options, communicator) =>
    imageLoss(images, options, communicator),
  retrieval: (_, { images, views }) => ({
    sentence: `of images were found among the ${images} of a batch`,
    chance: views / images,
  }),
};

/** Predictions of whole images, and the images themselves; rows of unit length. */
export interface PredictedImages {
  /** Î, from the patches: `[n, width]`; the views of an instance are consecutive. */
  readonly predictions: Tensor;
  /** I, from the whole image: `[n, width]`. */
  readonly targets: Tensor;
  /** D, the number of transformed views of each instance. */
  readonly views: number;
  /** The same predictions beside the entries of a vocabulary, which may be further negatives. */
  readonly vocabulary?: VocabularyComparison;
}

/**
 * Image loss, Eq. 16 without its weight, in its printed form:
 *
 *     L_mi = -1/N² (Σ log|Î, I⁺| + Σ log(1 - |Î, I⁻|))
 *
 * Each prediction is compared with all N images, those of all processes of a communicator. The
 * positives are the D views of the same instance.
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function imageLoss(
  { predictions, targets: own, views, vocabulary }: PredictedImages,
  options: ContrastOptions,
  communicator: Communicator = alone,
): LossValue {
  checkShape(predictions, ["n", "width"], "imageLoss: predictions");
  checkShape(own, predictions.shape, "imageLoss: targets");
  const targets = allGather(own, communicator);
  const [n] = predictions.shape;
  const [all] = targets.shape;
  // [instances, views, all instances, views] -> [n, all]
  const isPositive = reshape(
    sameInstance(
      [countInstances(n, views), views],
      [all / views, views],
      communicator.rank,
    ),
    [n, all],
  );
  const { loss, metrics } = contrast(
    { predictions, targets, isPositive, vocabulary },
    options,
  );
  return { loss, metrics: { ...metrics, ...collapseIndicators(targets) } };
}
