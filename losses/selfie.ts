import { z } from "zod";
import { matmul } from "../engine/ops/contraction.ts";
import {
  add,
  equal,
  exp,
  iota,
  log,
  materialize,
  multiply,
  negate,
  stopGradient,
  subtract,
} from "../engine/ops/elementwise.ts";
import { max, mean, sum } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { LossValue, PretextOutputs } from "./term.ts";

/** Settings of the loss of Selfie. */
export interface SelfieLossOptions {
  /** At least 0; 0, the default, leaves the term out. */
  readonly weight: number;
}

/**
 * Accepts {@linkcode SelfieLossOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<SelfieLossOptions> = z.strictObject({
  weight: z.number().min(0).default(0),
});

/** The part of a model that the term needs. */
export const needs: string = "model.name selfie";

/** The term for the outputs of a model; `undefined` if the model is not Selfie. */
export function compute(
  { jigsaw }: PretextOutputs,
  _options: SelfieLossOptions,
): LossValue | undefined {
  return jigsaw && selfieLoss(jigsaw);
}

/** Masked patches and the question for each, where it belongs. */
export interface Jigsaw {
  /** v: `[n, masked, width]`, one for each masked location. */
  readonly queries: Tensor;
  /** The masked patches in the same order: `[n, masked, width]`. */
  readonly candidates: Tensor;
}

/**
 * Selfie's loss, Eq. 9: the cross entropy of finding each masked patch among those of its image, by
 * the softmax of scaled dot products.
 */
export function selfieLoss({ queries, candidates }: Jigsaw): LossValue {
  const [n, masked, width] = queries.shape;
  // [n, masked, masked]
  const logits = materialize(multiply(
    matmul(queries, candidates, { transposeB: true }),
    1 / Math.sqrt(width),
  ));
  const shape = [n, masked, masked];
  const isOwn = equal(iota(shape, 1, "f32"), iota(shape, 2, "f32"));
  const last = { axes: [2], keepAxes: true };
  const largest = max(logits, last);
  const own = sum(multiply(logits, isOwn), last);
  const total = add(
    log(sum(exp(subtract(logits, stopGradient(largest))), last)),
    stopGradient(largest),
  );
  return {
    loss: negate(mean(subtract(own, total))),
    metrics: { retrieval: mean(equal(largest, own)) },
  };
}
