import { z } from "zod";
import {
  add,
  less,
  log,
  multiply,
  negate,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { max, mean, sum } from "../engine/ops/reduction.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { LossValue } from "./term.ts";

/**
 * What a sum over pairs is divided by. `pairs`: everything by the number of pairs, as Eqs. 15 and
 * 16 are printed. `balanced`: positives by their number, negatives by theirs; under `pairs` the few
 * positives weigh next to nothing.
 */
export type Normalizer = "balanced" | "pairs";

/**
 * Accepts a {@linkcode Normalizer}; `balanced` by default.
 *
 * @internal
 */
export const normalizerSchema: z.ZodType<Normalizer> = z.enum([
  "balanced",
  "pairs",
]).default("balanced");

/**
 * `-(sum of log s over positives + sum of log(1 - s) over negatives)`, normalised: the form that
 * Eqs. 15 and 16 share.
 *
 * @param similarities `[n, m]`, strictly between 0 and 1
 * @param isPositive `[n, m]`, 1 for positive pairs and 0 for negative ones
 * @param positives number of positive pairs
 */
export function contrast(
  similarities: Tensor,
  isPositive: Tensor,
  positives: number,
  normalizer: Normalizer,
): LossValue {
  const pairs = similarities.size;
  // a batch of one instance has none
  const negatives = Math.max(pairs - positives, 1);
  const [perPositive, perNegative] = normalizer === "pairs"
    ? [1 / pairs, 1 / pairs]
    : [1 / positives, 1 / negatives];
  const terms = select(
    isPositive,
    multiply(log(similarities), perPositive),
    multiply(log(subtract(1, similarities)), perNegative),
  );
  const positiveSum = sum(select(isPositive, similarities, 0));
  return {
    loss: negate(sum(terms)),
    metrics: {
      retrieval: retrieval(similarities, isPositive),
      positiveSimilarity: multiply(positiveSum, 1 / positives),
      negativeSimilarity: multiply(
        subtract(sum(similarities), positiveSum),
        1 / negatives,
      ),
    },
  };
}

/** Share of rows whose most similar column is a positive one. */
export function retrieval(similarities: Tensor, isPositive: Tensor): Tensor {
  const nearest = max(similarities, { axes: [1] });
  const nearestPositive = max(select(isPositive, similarities, 0), {
    axes: [1],
  });
  // with a margin, because the same number may be rounded in two ways
  return mean(less(nearest, add(nearestPositive, 1e-6)));
}
