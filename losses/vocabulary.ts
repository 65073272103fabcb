import { z } from "zod";
import { matmul } from "../engine/ops/matmul.ts";
import {
  add,
  divide,
  exp,
  less,
  log,
  multiply,
  subtract,
} from "../engine/ops/elementwise.ts";
import { customGradient, stopGradient } from "../engine/ops/gradient_flow.ts";
import { sum } from "../engine/ops/reduction.ts";
import { checkShape, constant, type Tensor } from "../engine/graph/tensor.ts";
import { blocks } from "../vocab/stream.ts";
import { rescaledCosine, similarity, SIMILARITY_MARGIN } from "./similarity.ts";
import type { Weighted } from "./term.ts";

/** Settings of a vocabulary loss; its weight is 0 by default. */
export interface VocabularyLossOptions extends Weighted {
  /**
   * What the sum of Eq. 20 is divided by: the number of `pairs` of predictions and entries, the
   * default, so that the loss does not grow with the vocabulary, or that of `predictions` alone, as
   * the paper says (section 3.5). With `pairs` it has almost no effect: with the paper's weights
   * its gradient at res4 was 0.8 % of that of L_mp (patches) and 0.1 % of that of L_mi (images).
   */
  readonly normalizer: "pairs" | "predictions";
}

/** Accepts {@linkcode VocabularyLossOptions}. */
export const vocabularyLossOptions: z.ZodType<VocabularyLossOptions> = z
  .strictObject({
    weight: z.number().min(0).default(0),
    normalizer: z.enum(["pairs", "predictions"]).default("pairs"),
  });

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

function checkComparison(
  name: string,
  { predictions, targets, entries }: VocabularyComparison,
): void {
  checkShape(predictions, ["n", "width"], `${name}: predictions`);
  checkShape(targets, predictions.shape, `${name}: targets`);
  checkShape(entries, ["entries", predictions.shape[1]], `${name}: entries`);
}

/**
 * Vocabulary loss, Eq. 20, divided by the number of pairs or of predictions:
 *
 *     L = Σ_ij (|v_i, u_j| - 1) log(1 - |v_i, û_j|)
 *
 * No gradient flows into the entries and the weight `|v, u| - 1`. Loss and gradient are computed
 * together, one block of entries at a time: the matrix of entries and predictions is never stored.
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function vocabularyLoss(
  comparison: VocabularyComparison,
  normalizer: VocabularyLossOptions["normalizer"],
): Tensor {
  checkComparison("vocabularyLoss", comparison);
  const { predictions, targets, entries } = comparison;
  const û = stopGradient(predictions);
  const u = stopGradient(targets);
  const [n] = predictions.shape;
  const scale = 1 / (normalizer === "pairs" ? n * entries.shape[0] : n);
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

/**
 * What a vocabulary adds to the negatives of InfoNCE: its entries, with the weight of Eq. 20, so that
 * those that are near to a prediction's own target count little.
 *
 *     Σ_i (1 - |v_i, u_j|) exp((cos(v_i, û_j) - 1) / temperature)
 *
 * Gradients and memory are as for {@linkcode vocabularyLoss}.
 *
 * @returns `[n, 1]`
 * @throws {RangeError} if the shapes do not fit.
 */
export function vocabularyNegatives(
  comparison: VocabularyComparison,
  temperature: number,
): Tensor {
  checkComparison("vocabularyNegatives", comparison);
  const { predictions, targets, entries } = comparison;
  const û = stopGradient(predictions);
  const u = stopGradient(targets);
  let total: Tensor = constant(0, [predictions.shape[0], 1]);
  let slope: Tensor = constant(0, predictions.shape);
  for (const { parts: [v] } of blocks(stopGradient(entries))) {
    // [n, block]
    const logits = multiply(
      subtract(rescaledCosine(û, v), 1),
      2 / temperature,
    );
    const weighted = multiply(subtract(1, similarity(u, v)), exp(logits));
    total = add(total, sum(weighted, { axes: [1], keepAxes: true }));
    // [n, block] x [block, width] -> [n, width]
    slope = add(slope, matmul(multiply(weighted, 1 / temperature), v));
  }
  return customGradient(
    total,
    [predictions],
    (gradient) => [multiply(slope, gradient)],
  );
}
