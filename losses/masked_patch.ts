import { z } from "zod";
import {
  add,
  cast,
  divide,
  equal,
  maximum,
  multiply,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { iota } from "../engine/ops/iota.ts";
import { alone, type Communicator } from "../engine/communicator.ts";
import { allGather, allMean } from "../engine/ops/collective.ts";
import { reshape } from "../engine/ops/movement.ts";
import { sum } from "../engine/ops/reduction.ts";
import { checkShape, constant, type Tensor } from "../engine/graph/tensor.ts";
import { rowsAt } from "../layers/rows_at.ts";
import { collapseIndicators } from "./collapse.ts";
import {
  contrast,
  type Contrasted,
  type ContrastOptions,
  contrastOptions,
} from "./contrast.ts";
import { countInstances, sameInstance } from "./pairs.ts";
import { explainedVariance } from "./shortcut.ts";
import { similarity } from "./similarity.ts";
import type { LossTerm, LossValue, Weighted } from "./term.ts";
import type { VocabularyComparison } from "./vocabulary.ts";

/** Settings of the masked patch loss; its weight is α_mp, 0 by default. */
export interface MaskedPatchLossOptions extends Weighted, ContrastOptions {
  /**
   * The patches that each prediction is compared with: `all` M of each image, the default, as Eq. 15
   * is printed, or the `masked` ones alone. After an exchange, visible patches contain its output and
   * masked ones do not: with `all`, targets reveal where they lie and whether they were masked. After
   * 300 steps of the method as printed on CIFAR-10 these two facts explained 66 % of the targets'
   * variance; of `masked` ones, 5 % (docs/results.md).
   */
  readonly candidates: "all" | "masked";
}

/** L_mp, Eq. 15. */
export const maskedPatch: LossTerm<MaskedPatches, MaskedPatchLossOptions> = {
  title: "Masked patches, L_mp",
  subject: "patches",
  schema: z.strictObject({
    weight: z.number().min(0).default(0),
    candidates: z.enum(["all", "masked"]).default("all"),
    ...contrastOptions,
  }),
  needs: "model.name maskedPatchPrediction",
  compute: (patches, options, communicator) =>
    maskedPatchLoss(patches, options, communicator),
  retrieval({ candidates }, { images, views, masks }) {
    if (!masks) return undefined;
    const { patches, masked, isShared } = masks;
    const isAll = candidates === "all";
    const count = images * (isAll ? patches : masked);
    // a patch of another view is a candidate if it is masked there too
    const isCandidate = isAll || isShared ? 1 : masked / patches;
    return {
      sentence: `of masked patches were found among the ${count} ${
        isAll ? "" : "masked ones "
      }of a batch`,
      chance: (1 + (views - 1) * isCandidate) / count,
    };
  },
  patchPredictions: ({ predictions, targets, locations }) => ({
    predictions,
    candidates: targets,
    locations,
  }),
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
  /** The same predictions beside the entries of a vocabulary, which may be further negatives. */
  readonly vocabulary?: VocabularyComparison;
}

/** What predictions are compared with. */
interface Candidates {
  /** `[n, candidates, width]` */
  readonly vectors: Tensor;
  /** Location of each in its image: `[n, candidates]`, f32. */
  readonly locations: Tensor;
  /** Whether it was masked: `[n, candidates]`, 0 or 1. */
  readonly isMasked: Tensor;
}

const candidatesOf = {
  all: ({ targets, locations }: MaskedPatches): Candidates => {
    const [n, patches] = targets.shape;
    const masked = locations.shape[1];
    // [n, masked, patches] -> [n, patches]
    const isMasked = sum(
      equal(
        reshape(cast(locations, "f32"), [n, masked, 1]),
        iota([n, masked, patches], 2, "f32"),
      ),
      { axes: [1] },
    );
    return {
      vectors: targets,
      locations: iota([n, patches], 1, "f32"),
      isMasked,
    };
  },
  masked: ({ targets, locations }: MaskedPatches): Candidates => ({
    vectors: rowsAt(targets, locations),
    locations: cast(locations, "f32"),
    isMasked: constant(1, locations.shape),
  }),
};

/**
 * Masked patch loss, Eq. 15 without its weight, in its printed form:
 *
 *     L_mp = -1/(N² M Q) (Σ log|P̂, P⁺| + Σ log(1 - |P̂, P⁻|))
 *
 * Each of the N Q predictions is compared with all candidates, N M or N Q patches, those of all
 * processes of a communicator. The positives are those of the same instance at the same location, in
 * each of the D views; all others are negatives.
 *
 * Two metrics reveal shortcuts: `sameLocationSimilarity`, how near predictions are to patches of other
 * instances at their location, which without a shortcut is as far from `positiveSimilarity` as
 * `negativeSimilarity` is; and `maskAndLocationShare`, the share of the candidates' variance that is
 * explained by where they lie and whether they were masked. After 300 steps of the method as printed it
 * was 66 %, with `masked` candidates 5 % (docs/results.md).
 *
 * @throws {RangeError} if the shapes do not fit.
 */
export function maskedPatchLoss(
  patches: MaskedPatches,
  { candidates, ...options }: Omit<MaskedPatchLossOptions, "weight">,
  communicator: Communicator = alone,
): LossValue {
  const { predictions, targets, locations, views } = patches;
  checkShape(
    predictions,
    ["n", "masked", "width"],
    "maskedPatchLoss: predictions",
  );
  const [n, masked, width] = predictions.shape;
  checkShape(targets, [n, "patches", width], "maskedPatchLoss: targets");
  checkShape(locations, [n, masked], "maskedPatchLoss: locations");
  const instances = countInstances(n, views);
  const { vectors, locations: places, isMasked } = candidatesOf[candidates](
    {
      ...patches,
      targets: allGather(targets, communicator),
      locations: allGather(locations, communicator),
    },
  );
  const [all, count] = vectors.shape;
  // [instances, views, masked, all instances, views, count]: same instance, same location
  const isSame = sameInstance(
    [instances, views, masked],
    [all / views, views, count],
    communicator.rank,
  );
  const isSameLocation = equal(
    reshape(cast(locations, "f32"), [instances, views, masked, 1, 1, 1]),
    reshape(places, [1, 1, 1, all / views, views, count]),
  );
  const contrasted = {
    predictions: reshape(predictions, [n * masked, width]),
    // [all, count, width] -> [all * count, width]
    targets: reshape(vectors, [all * count, width]),
    isPositive: reshape(
      multiply(isSame, isSameLocation),
      [n * masked, all * count],
    ),
    vocabulary: patches.vocabulary,
    // all predictions have equally many positives where all patches are candidates
    communicator: candidates === "masked" ? communicator : alone,
  };
  const { loss, metrics } = contrast(contrasted, options);
  const isElsewhere = multiply(subtract(1, isSame), isSameLocation);
  return {
    loss,
    metrics: {
      ...metrics,
      ...collapseIndicators(contrasted.targets),
      sameLocationSimilarity: meanSimilarity(
        contrasted,
        reshape(isElsewhere, [n * masked, all * count]),
      ),
      maskAndLocationShare: explainedVariance(
        contrasted.targets,
        // [all, count] -> [all * count]
        reshape(
          cast(add(multiply(places, 2), isMasked), "i32"),
          [all * count],
        ),
        2 * targets.shape[1],
      ),
    },
  };
}

/** The mean of `|x, y|` over some of the pairs; 0 if there are none. */
function meanSimilarity(
  { predictions, targets, communicator = alone }: Contrasted,
  isCounted: Tensor,
): Tensor {
  const counted = select(isCounted, similarity(predictions, targets), 0);
  const [total, count] = allMean(
    [sum(counted), sum(isCounted)],
    communicator,
  );
  return divide(total, maximum(count, 1));
}
