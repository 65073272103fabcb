import { z } from "zod";
import { equal, iota } from "../engine/ops/elementwise.ts";
import { reshape } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { collapseIndicators } from "./collapse.ts";
import { contrast, type Normalizer, normalizerSchema } from "./contrast.ts";
import { similarity } from "./similarity.ts";
import type { LossValue, PretextOutputs } from "./term.ts";

/** Settings of the image loss. */
export interface ImageLossOptions {
  /** α_mi, at least 0; 0, the default, leaves the term out. */
  readonly weight: number;
  /** How the sums of Eq. 16 are averaged; `balanced` by default. */
  readonly normalizer: Normalizer;
}

/**
 * Accepts {@linkcode ImageLossOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<ImageLossOptions> = z.strictObject({
  weight: z.number().min(0).default(0),
  normalizer: normalizerSchema,
});

/** The part of a model that the term needs. */
export const needs: string = "model.doubleView";

/** The term for the outputs of a model; `undefined` if the model does not see whole images. */
export function compute(
  { images }: PretextOutputs,
  { normalizer }: ImageLossOptions,
): LossValue | undefined {
  return images && imageLoss(images, normalizer);
}

/** What predictions of whole images are compared with; rows of unit length. */
export interface PredictedImages {
  /** Î, from the patches: `[n, width]`; the views of an instance in a row. */
  readonly predictions: Tensor;
  /** I, from the whole image: `[n, width]`. */
  readonly targets: Tensor;
  /** D, the number of transformed views of each instance. */
  readonly views: number;
}

/**
 * Image loss, Eq. 16 without its weight:
 *
 *     L_mi = -1/N² (Σ log|Î, I⁺| + Σ log(1 - |Î, I⁻|))
 *
 * Each prediction is compared with all N images. Positive are the D views of the same instance.
 *
 * @param normalizer how the sums are averaged; see {@linkcode Normalizer}
 */
export function imageLoss(
  { predictions, targets, views }: PredictedImages,
  normalizer: Normalizer,
): LossValue {
  const [n] = predictions.shape;
  // over [instances, views] x [instances, views]: same instance
  const pairs = [n / views, views, n / views, views];
  const isPositive = reshape(
    equal(iota(pairs, 0, "f32"), iota(pairs, 2, "f32")),
    [n, n],
  );
  const { loss, metrics } = contrast(
    similarity(predictions, targets),
    isPositive,
    n * views,
    normalizer,
  );
  return { loss, metrics: { ...metrics, ...collapseIndicators(targets) } };
}
