import { z } from "zod";
import { cast, equal, iota, multiply } from "../engine/ops/elementwise.ts";
import { broadcastTo, reshape } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { collapseIndicators } from "./collapse.ts";
import { contrast, type Normalizer, normalizerSchema } from "./contrast.ts";
import { sameInstance } from "./pairs.ts";
import { similarity } from "./similarity.ts";
import type { LossTerm, LossValue, Weighted } from "./term.ts";

/** Settings of the masked patch loss; its weight is α_mp, 0 by default. */
export interface MaskedPatchLossOptions extends Weighted {
  /** What the sums of Eq. 15 are divided by; `balanced` by default. */
  readonly normalizer: Normalizer;
}

/** L_mp, Eq. 15. */
export const maskedPatch: LossTerm<MaskedPatches, MaskedPatchLossOptions> = {
  schema: z.strictObject({
    weight: z.number().min(0).default(0),
    normalizer: normalizerSchema,
  }),
  needs: "model.name maskedPatchPrediction",
  compute: (patches, { normalizer }) => maskedPatchLoss(patches, normalizer),
};

/** Predictions of masked patches, and all patches to compare them with; vectors of unit length. */
export interface MaskedPatches {
  /** P̂ at the masked locations: `[n, masked, width]`; the views of an instance are consecutive. */
  readonly predictions: Tensor;
  /** P, the representations of all patches: `[n, patches, width]`. */
  readonly targets: Tensor;
  /** Location of each prediction in its image: `[n, masked]`, i32. */
  readonly locations: Tensor;
  /** D, the number of transformed views of each instance. */
  readonly views: number;
}

/**
 * Masked patch loss, Eq. 15 without its weight:
 *
 *     L_mp = -1/(N² M Q) (Σ log|P̂, P⁺| + Σ log(1 - |P̂, P⁻|))
 *
 * Each of the N Q predictions is compared with all N M patches. The positives are the patches of
 * the same instance at the same location, in each of the D views; all others are negatives.
 *
 * @param normalizer what the sums are divided by
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
  // [instances, views, masked, instances, views, patches]: same instance, same location
  const instances = n / views;
  const isSame = sameInstance(
    [instances, views, masked],
    [instances, views, patches],
  );
  const location = broadcastTo(
    reshape(cast(locations, "f32"), [instances, views, masked, 1, 1, 1]),
    isSame.shape,
  );
  const isPositive = multiply(
    isSame,
    equal(location, iota(isSame.shape, 5, "f32")),
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
