import { z } from "zod";
import {
  add,
  divide,
  exp,
  less,
  log,
  multiply,
  subtract,
} from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { alone, type Communicator } from "../engine/communicator.ts";
import { allGather } from "../engine/ops/collective.ts";
import { broadcastTo, reshape } from "../engine/ops/movement.ts";
import { sum } from "../engine/ops/reduction.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import { collapseIndicators } from "./collapse.ts";
import { countInstances, sameInstance } from "./pairs.ts";
import { retrieval } from "./retrieval.ts";
import { awayFromBounds, rescaledCosine } from "./similarity.ts";
import type { LossTerm, LossValue, Weighted } from "./term.ts";

/** Settings of the loss of Allp; its weight is 0 by default. */
export interface AllpLossOptions extends Weighted {
  /** `nce`, the default: Eqs. 12-13; `infoNce`: their positive part alone. */
  readonly form: "nce" | "infoNce";
  /** S: `softmax`, the default, of the cosine over a positive and its negatives; `rescaled`, not with `infoNce`: the cosine mapped to 0..1. */
  readonly score: "softmax" | "rescaled";
  /** Divides the cosine in the softmax, at least 0.025; 0.07 by default. */
  readonly temperature: number;
}

/** Allp's loss, Eqs. 12-13. */
export const allp: LossTerm<ContrastedViews, AllpLossOptions> = {
  title: "Allp",
  subject: "images",
  schema: z.strictObject({
    weight: z.number().min(0).default(0),
    form: z.enum(["nce", "infoNce"]).default("nce"),
    score: z.enum(["softmax", "rescaled"]).default("softmax"),
    // keeps exp(-2 / temperature) above 0 in float32
    temperature: z.number().min(0.025).default(0.07),
  }).refine(({ form, score }) => form === "nce" || score === "softmax", {
    path: ["score"],
    error:
      'must be "softmax" with infoNce, whose negatives are in the softmax alone',
  }),
  needs: "model.name allp",
  compute: (views, options, communicator) =>
    allpLoss(views, options, communicator),
  retrieval: (_, { images, views }) => ({
    sentence: `of views found another of their image among the ${
      images - 1
    } others of a batch`,
    chance: (views - 1) / (images - 1),
  }),
};

/** One vector for each view. */
export interface ContrastedViews {
  /** u: `[n, width]`, rows of unit length; the views of an instance are consecutive. */
  readonly vectors: Tensor;
  /** D, the number of views of each instance, at least 2. */
  readonly views: number;
}

/**
 * Allp's loss, Eqs. 12-13, averaged over the pairs of views of the same instance:
 *
 *     L = Σ_i Σ_{a<b} (-log S(u_a, u_b) - Σ_k log(1 - S(u_a, u_k)))
 *
 * The negatives u_k of u_a are all views of the other instances, those of all processes of a
 * communicator. S stays 1e-6 away from 0 and 1, but for the S(u_a, u_b) of the softmax.
 *
 * @throws {RangeError} if the shapes do not fit, or there are fewer than two views.
 */
export function allpLoss(
  { vectors, views }: ContrastedViews,
  { form, score, temperature }: Omit<AllpLossOptions, "weight">,
  communicator: Communicator = alone,
): LossValue {
  checkShape(vectors, ["n", "width"], "allpLoss: the vectors");
  if (views < 2) throw new RangeError(`allpLoss needs 2 views, not ${views}`);
  const others = allGather(vectors, communicator);
  const [n] = vectors.shape;
  const [all] = others.shape;
  const instances = countInstances(n, views);
  // [instances, views, all instances, views]
  const isSameInstance = sameInstance(
    [instances, views],
    [all / views, views],
    communicator.rank,
  );
  const pairs = isSameInstance.shape;
  const isSame = reshape(isSameInstance, [n, all]);
  const isNegative = subtract(1, isSame);
  const s = rescaledCosine(vectors, others);
  // (cos - 1) / temperature, so that e is at most 1; cos is 2s - 1
  const logits = multiply(subtract(s, 1), 2 / temperature);
  const e = exp(logits);
  const negatives = sum(multiply(e, isNegative), { axes: [1], keepAxes: true });

  // pairs (a, b) of views of one instance, a before b
  const isPair = reshape(
    multiply(
      isSameInstance,
      less(iota(pairs, 1, "f32"), iota(pairs, 3, "f32")),
    ),
    [n, all],
  );
  const count = instances * views * (views - 1) / 2;
  const total = add(e, negatives);
  // the logarithm of the softmax itself has a gradient however little S is
  const logPositive = score === "softmax"
    ? subtract(logits, log(total))
    : log(awayFromBounds(s));
  let loss = multiply(sum(multiply(logPositive, isPair)), -1 / count);
  if (form === "nce") loss = add(loss, negativePart());
  const similarToOthers = sum(multiply(s, isNegative));
  // a view is not a candidate for itself
  const itself = sameInstance([n], [all], communicator.rank);
  const candidates = subtract(s, multiply(itself, 2));
  return {
    loss,
    metrics: {
      positiveSimilarity: multiply(sum(multiply(s, isPair)), 1 / count),
      // a batch of one instance has no negatives
      negativeSimilarity: multiply(
        similarToOthers,
        1 / Math.max(n * (all - views), 1),
      ),
      retrieval: retrieval(candidates, isSame),
      ...collapseIndicators(others),
    },
  };

  /** `-Σ log(1 - S(u_a, u_k))` for each pair (a, b), averaged over the pairs. */
  function negativePart(): Tensor {
    if (score === "rescaled") {
      // the same for every partner b of a: counted once for each view after a
      const after = reshape(
        broadcastTo(
          reshape(subtract(views - 1, iota([views], 0, "f32")), [1, views]),
          [instances, views],
        ),
        [n, 1],
      );
      const terms = multiply(
        multiply(log(subtract(1, awayFromBounds(s))), isNegative),
        after,
      );
      return multiply(sum(terms), -1 / count);
    }
    // [instances, a, b, all]: S depends on the partner b, which is part of the denominator
    const shape = [instances, views, views, all];
    const denominators = reshape(ofPairs(), [instances, views, views, 1]);
    const ratio = divide(
      broadcastTo(reshape(e, [instances, views, 1, all]), shape),
      broadcastTo(denominators, shape),
    );
    const counted = multiply(
      broadcastTo(reshape(isNegative, [instances, views, 1, all]), shape),
      less(iota(shape, 1, "f32"), iota(shape, 2, "f32")),
    );
    return multiply(
      sum(multiply(log(subtract(1, awayFromBounds(ratio))), counted)),
      -1 / count,
    );
  }

  /** `e(a, b) + Σ_k e(a, k)` for the views a, b of each instance: `[instances, views, views]`. */
  function ofPairs(): Tensor {
    // [instances, views, all instances, views] -> [instances, views, views]
    return sum(multiply(reshape(total, pairs), isSameInstance), { axes: [2] });
  }
}
