import { z } from "zod";
import { equal, iota, multiply } from "../engine/ops/elementwise.ts";
import { broadcastTo, reshape } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { collapseIndicators } from "./collapse.ts";
import { contrast, type Normalizer, normalizerSchema } from "./contrast.ts";
import type { LossValue, PretextOutputs } from "./term.ts";
import { similarity } from "./similarity.ts";

/** Settings of the masked patch loss. */
export interface MaskedPatchLossOptions {
  /** α_mp, at least 0; 0, the default, leaves the term out. */
  readonly weight: number;
  /** How the sums of Eq. 15 are averaged; `balanced` by default. */
  readonly normalizer: Normalizer;
}

/**
 * Accepts {@linkcode MaskedPatchLossOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<MaskedPatchLossOptions> = z.strictObject({
  weight: z.number().min(0).default(0),
  normalizer: normalizerSchema,
});

/** The part of a model that the term needs. */
export const needs: string = "model.name maskedPatchPrediction";

/** The term for the outputs of a model; `undefined` if the model predicts no patches. */
export function compute(
  { maskedPatches }: PretextOutputs,
  { normalizer }: MaskedPatchLossOptions,
): LossValue | undefined {
  return maskedPatches && maskedPatchLoss(maskedPatches, normalizer);
}

/** What a masked patch prediction is compared with; rows of unit length. */
export interface MaskedPatches {
  /** Predictions at the masked locations, `[n, masked, width]`; the views of an instance in a row. */
  readonly predictions: Tensor;
  /** Representations of all patches, `[n, patches, width]`. */
  readonly targets: Tensor;
  /** Location of each prediction in its image, `[n, masked]`, i32. */
  readonly locations: Tensor;
  /** D, the number of transformed views of each instance. */
  readonly views: number;
}

/**
 * Masked patch loss, Eq. 15 without its weight:
 *
 *     L_mp = -1/(N² M Q) (Σ log|P̂, P⁺| + Σ log(1 - |P̂, P⁻|))
 *
 * Each of the N Q predictions is compared with all N M patches. Positive are the patches of the
 * same instance at the same location, in each of the D views; all others are negative.
 *
 * @param normalizer how the sums are averaged; see {@linkcode Normalizer}
 */
export function maskedPatchLoss(
  { predictions, targets, locations, views }: MaskedPatches,
  normalizer: Normalizer,
): LossValue {
  const [n, masked, width] = predictions.shape;
  const patches = targets.shape[1];
  // [n, masked, width] x [n, patches, width] -> [n * masked, n * patches]
  const similarities = similarity(
    reshape(predictions, [n * masked, width]),
    reshape(targets, [n * patches, width]),
  );
  // over [instances, views, masked] x [instances, views, patches]: same instance, same location
  const instances = n / views;
  const pairs = [instances, views, masked, instances, views, patches];
  const location = broadcastTo(
    reshape(locations, [instances, views, masked, 1, 1, 1]),
    pairs,
  );
  const isPositive = multiply(
    equal(iota(pairs, 0), iota(pairs, 3)),
    equal(location, iota(pairs, 5)),
  );
  const { loss, metrics } = contrast(
    similarities,
    reshape(isPositive, [n * masked, n * patches]),
    n * masked * views,
    normalizer,
  );
  const rows = reshape(targets, [n * patches, width]);
  return { loss, metrics: { ...metrics, ...collapseIndicators(rows) } };
}
