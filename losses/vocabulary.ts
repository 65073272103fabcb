import { matmul } from "../engine/ops/contraction.ts";
import {
  add,
  customGradient,
  divide,
  less,
  log,
  multiply,
  stopGradient,
  subtract,
} from "../engine/ops/elementwise.ts";
import { sum } from "../engine/ops/reduction.ts";
import { constant, type Tensor } from "../engine/graph/tensor.ts";
import { blocks } from "../vocab/stream.ts";
import { similarity, SIMILARITY_MARGIN } from "./similarity.ts";

/** Predictions that are pushed away from the entries of a vocabulary that are far from their targets. */
export interface VocabularyComparison {
  /** û: `[n, width]`, rows of unit length. */
  readonly predictions: Tensor;
  /** u: `[n, width]`, rows of unit length. */
  readonly targets: Tensor;
  /** v: `[entries, width]`, rows of unit length. */
  readonly entries: Tensor;
  /** Numbers about how the entries are used, one element each. */
  readonly metrics: Readonly<Record<string, Tensor>>;
}

/**
 * Vocabulary loss, Eq. 20, averaged over predictions and entries:
 *
 *     L = Σ_ij (|v_i, u_j| - 1) log(1 - |v_i, û_j|)
 *
 * No gradient flows into the entries and the weight `|v, u| - 1`. Loss and gradient are computed
 * together, one block of entries at a time: the matrix of entries and predictions is never stored.
 */
export function vocabularyLoss(
  { predictions, targets, entries }: VocabularyComparison,
): Tensor {
  const û = stopGradient(predictions);
  const u = stopGradient(targets);
  const scale = 1 / (predictions.shape[0] * entries.shape[0]);
  let total: Tensor = constant(0);
  let slope: Tensor = constant(0, predictions.shape);
  for (const { parts: [v] } of blocks(stopGradient(entries))) {
    // [n, block]
    const weight = multiply(subtract(similarity(u, v), 1), scale);
    const closeness = similarity(û, v);
    const distance = subtract(1, closeness);
    total = add(total, sum(multiply(weight, log(distance))));
    // d/dû of log(1 - (1 + û v) / 2) is -v / 2 / (1 - |v, û|), and 0 where the similarity is clamped
    const inside = multiply(
      less(SIMILARITY_MARGIN, closeness),
      less(closeness, 1 - SIMILARITY_MARGIN),
    );
    const perCosine = multiply(
      multiply(divide(weight, distance), -0.5),
      inside,
    );
    // [n, block] x [block, width] -> [n, width]
    slope = add(slope, matmul(perCosine, v));
  }
  return customGradient(
    total,
    [predictions],
    (gradient) => [multiply(slope, gradient)],
  );
}
