import { z } from "zod";
import {
  divide,
  log,
  maximum,
  multiply,
  negate,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { sum } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import { retrieval } from "./retrieval.ts";
import type { LossValue } from "./term.ts";

/**
 * What sums over pairs are divided by. `pairs`: the number of all pairs, as Eqs. 15 and 16 are
 * printed, which leaves the few positives next to no weight. `balanced`: positives by their number,
 * negatives by theirs.
 */
export type Normalizer = "balanced" | "pairs";

/** Accepts a {@linkcode Normalizer}; `balanced` by default. */
export const normalizerSchema: z.ZodType<Normalizer> = z.enum([
  "balanced",
  "pairs",
]).default("balanced");

/**
 * The form that Eqs. 15 and 16 share, normalised:
 *
 *     -(Σ log s over positives + Σ log(1 - s) over negatives)
 *
 * @param similarities `[n, m]`, strictly between 0 and 1
 * @param isPositive `[n, m]`, 1 for positive pairs and 0 for negative ones
 */
export function contrast(
  similarities: Tensor,
  isPositive: Tensor,
  normalizer: Normalizer,
): LossValue {
  const pairs = similarities.size;
  const positives = sum(isPositive);
  const perPositive = divide(1, positives);
  // a batch of one instance has no negatives
  const perNegative = divide(1, maximum(subtract(pairs, positives), 1));
  const [positiveWeight, negativeWeight] = normalizer === "pairs"
    ? [1 / pairs, 1 / pairs]
    : [perPositive, perNegative];
  const terms = select(
    isPositive,
    multiply(log(similarities), positiveWeight),
    multiply(log(subtract(1, similarities)), negativeWeight),
  );
  const positiveSum = sum(select(isPositive, similarities, 0));
  return {
    loss: negate(sum(terms)),
    metrics: {
      retrieval: retrieval(similarities, isPositive),
      positiveSimilarity: multiply(positiveSum, perPositive),
      negativeSimilarity: multiply(
        subtract(sum(similarities), positiveSum),
        perNegative,
      ),
    },
  };
}
