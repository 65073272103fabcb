import { z } from "zod";
import {
  add,
  divide,
  exp,
  log,
  maximum,
  multiply,
  negate,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { alone, type Communicator } from "../engine/communicator.ts";
import { allMean } from "../engine/ops/collective.ts";
import { mean, sum } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { UserError } from "../engine/user_error.ts";
import { retrieval } from "./retrieval.ts";
import { rescaledCosine, similarity } from "./similarity.ts";
import type { LossValue } from "./term.ts";
import {
  type VocabularyComparison,
  vocabularyNegatives,
} from "./vocabulary.ts";

/**
 * What sums over pairs are divided by. `pairs`: the number of all pairs, as Eqs. 15 and 16 are
 * printed, which gives the few positives almost no weight. `balanced`: positives by their number,
 * negatives by theirs.
 */
export type Normalizer = "balanced" | "pairs";

/** How predictions are contrasted with targets. */
export interface ContrastOptions {
  /**
   * `nce`, the default: Eqs. 15 and 16 as they are printed. `infoNce`: the cross entropy of a softmax
   * over a positive target and the negative ones. On CIFAR-10 a linear classifier on I and Î reached
   * 44.1 % with it, 39.2 % without (untrained 39.1 %; 300 steps of 128, three seeds, docs/results.md).
   */
  readonly form: "nce" | "infoNce";
  /** What the sums of Eqs. 15 and 16 are divided by; `balanced` by default. */
  readonly normalizer: Normalizer;
  /** Divides the cosines in InfoNCE, at least 0.025; 0.2 by default. */
  readonly temperature: number;
  /**
   * Where InfoNCE sums over the positive targets of a prediction: `outside` of the logarithm, the
   * default, so that each of them has to be found, or `inside`, so that one of them is enough.
   */
  readonly positives: "outside" | "inside";
  /**
   * What InfoNCE takes as negatives: the other targets of the `batch`, the default, or the
   * `batchAndVocabulary`, whose entries count with the weight of Eq. 20.
   */
  readonly negatives: "batch" | "batchAndVocabulary";
}

/** The entries for {@linkcode ContrastOptions} in the schema of a term. */
export const contrastOptions: {
  readonly [Name in keyof ContrastOptions]: z.ZodType<ContrastOptions[Name]>;
} = {
  form: z.enum(["nce", "infoNce"]).default("nce"),
  normalizer: z.enum(["balanced", "pairs"]).default("balanced"),
  // keeps exp(-2 / temperature) above 0 in float32
  temperature: z.number().min(0.025).default(0.2),
  positives: z.enum(["outside", "inside"]).default("outside"),
  negatives: z.enum(["batch", "batchAndVocabulary"]).default("batch"),
};

/** Predictions, and the targets that each is contrasted with. */
export interface Contrasted {
  /** `[n, width]`, rows of unit length. */
  readonly predictions: Tensor;
  /** `[m, width]`, rows of unit length. */
  readonly targets: Tensor;
  /** `[n, m]`, 1 for positive pairs, at least one in each row, and 0 for negative ones. */
  readonly isPositive: Tensor;
  /** The same predictions beside the entries of a vocabulary. */
  readonly vocabulary?: VocabularyComparison;
  /** The processes over whose rows positives are counted; this one alone where each has as many. */
  readonly communicator?: Communicator;
}

/**
 * Pulls predictions towards their positive targets and away from the negative ones.
 *
 * @throws {RangeError} if the shapes do not fit.
 * @throws {UserError} if the negatives should come from a vocabulary, and there is none or the form cannot use it.
 */
export function contrast(
  contrasted: Contrasted,
  options: ContrastOptions,
): LossValue {
  const { predictions, targets, isPositive, vocabulary } = contrasted;
  const usesVocabulary = options.negatives === "batchAndVocabulary";
  if (usesVocabulary && !(options.form === "infoNce" && vocabulary)) {
    throw new UserError(
      "negatives batchAndVocabulary of a loss needs its form infoNce and model.vocabulary; " +
        "set both, or negatives to batch",
    );
  }
  const similarities = similarity(predictions, targets);
  checkShape(isPositive, similarities.shape, "contrast: isPositive");
  const weights = weightsOf(isPositive, contrasted.communicator);
  const { perPositive, perNegative } = weights;
  const positiveSum = sum(select(isPositive, similarities, 0));
  return {
    loss: options.form === "nce"
      ? nce(similarities, isPositive, options.normalizer, weights)
      : infoNce(contrasted, options),
    metrics: {
      retrieval: retrieval(similarities, isPositive),
      positiveSimilarity: multiply(positiveSum, perPositive),
      negativeSimilarity: multiply(
        subtract(sum(similarities), positiveSum),
        perNegative,
      ),
      ...(usesVocabulary && vocabulary?.metrics),
    },
  };
}

/**
 * The form that Eqs. 15 and 16 share, normalised:
 *
 *     -(Σ log|x, y⁺| + Σ log(1 - |x, y⁻|))
 */
function nce(
  similarities: Tensor,
  isPositive: Tensor,
  normalizer: Normalizer,
  balanced: ReturnType<typeof weightsOf>,
): Tensor {
  const pairs = similarities.size;
  const { perPositive, perNegative } = normalizer === "pairs"
    ? { perPositive: 1 / pairs, perNegative: 1 / pairs }
    : balanced;
  const terms = select(
    isPositive,
    multiply(log(similarities), perPositive),
    multiply(log(subtract(1, similarities)), perNegative),
  );
  return negate(sum(terms));
}

/**
 * InfoNCE (van den Oord et al. 2018) with `e(x, y) = exp(cos(x, y) / temperature)`, averaged over the
 * predictions x. With the P positives outside of the logarithm, as in Allp and in SupCon (Khosla et al.
 * 2020), except that other positives do not count as negatives here:
 *
 *     -1/P Σ_p log(e(x, y⁺_p) / (e(x, y⁺_p) + Σ e(x, y⁻)))
 *
 * and inside, as in MIL-NCE (Miech et al. 2020):
 *
 *     -log(Σ e(x, y⁺) / (Σ e(x, y⁺) + Σ e(x, y⁻)))
 */
function infoNce(
  { predictions, targets, isPositive, vocabulary }: Contrasted,
  { temperature, positives, negatives }: ContrastOptions,
): Tensor {
  const row = { axes: [1], keepAxes: true };
  // (cos - 1) / temperature, so that e is at most 1
  const logits = multiply(
    subtract(rescaledCosine(predictions, targets), 1),
    2 / temperature,
  );
  const e = exp(logits);
  // [n, 1]
  const ofBatch = sum(select(isPositive, 0, e), row);
  const negative = negatives === "batchAndVocabulary" && vocabulary
    ? add(ofBatch, vocabularyNegatives(vocabulary, temperature))
    : ofBatch;
  if (positives === "inside") {
    const positive = sum(select(isPositive, e, 0), row);
    return mean(subtract(log(add(positive, negative)), log(positive)));
  }
  const terms = subtract(log(add(e, negative)), logits);
  return mean(
    divide(sum(select(isPositive, terms, 0), row), sum(isPositive, row)),
  );
}

/** The reciprocals of the numbers of positive and of negative pairs; of their means where processes differ. */
function weightsOf(isPositive: Tensor, communicator: Communicator = alone) {
  const [positives] = allMean([sum(isPositive)], communicator);
  // a batch of one instance has no negatives
  const negatives = maximum(subtract(isPositive.size, positives), 1);
  return {
    perPositive: divide(1, positives),
    perNegative: divide(1, negatives),
  };
}
