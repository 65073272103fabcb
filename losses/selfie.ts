import { z } from "zod";
import { matmul } from "../engine/ops/matmul.ts";
import { equal, multiply } from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { materialize } from "../engine/ops/materialize.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { retrieval } from "./retrieval.ts";
import type { LossTerm, LossValue, Weighted } from "./term.ts";

/** Selfie's loss, Eq. 9; its weight is 0 by default. */
export const selfie: LossTerm<Jigsaw, Weighted> = {
  title: "Selfie",
  subject: "patches",
  schema: z.strictObject({ weight: z.number().min(0).default(0) }),
  needs: "model.name selfie",
  compute: (jigsaw) => selfieLoss(jigsaw),
  retrieval: (_, { masks }) =>
    masks && {
      sentence:
        `of masked patches were found among the ${masks.masked} of their image`,
      chance: 1 / masks.masked,
    },
  patchPredictions: ({ queries, candidates, locations }) => ({
    predictions: queries,
    candidates,
    locations,
  }),
};

/** Masked patches, and a query for each masked location. */
export interface Jigsaw {
  /** v, one for each masked location: `[n, masked, width]`. */
  readonly queries: Tensor;
  /** P, the masked patches in the same order: `[n, masked, width]`. */
  readonly candidates: Tensor;
  /** Where the masked patches are in their images: `[n, masked]`, i32. */
  readonly locations: Tensor;
}

/**
 * Selfie's loss, Eq. 9: which of the masked patches of its image belongs at each location? The cross
 * entropy of the softmax over scaled dot products.
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function selfieLoss(
  { queries, candidates }: Omit<Jigsaw, "locations">,
): LossValue {
  checkShape(queries, ["n", "masked", "width"], "selfieLoss: queries");
  checkShape(candidates, queries.shape, "selfieLoss: candidates");
  const [n, masked, width] = queries.shape;
  // [n, masked, masked]
  const logits = materialize(multiply(
    matmul(queries, candidates, { transposeB: true }),
    1 / Math.sqrt(width),
  ));
  const shape = [n, masked, masked];
  const isOwn = equal(iota(shape, 1, "f32"), iota(shape, 2, "f32"));
  return {
    loss: crossEntropy(logits, isOwn),
    metrics: { retrieval: retrieval(logits, isOwn) },
  };
}
