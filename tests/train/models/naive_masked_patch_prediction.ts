import type { MaskedPatchPredictionOptions } from "../../../train/models/masked_patch_prediction.ts";
import { child, type Weights } from "../../layers/naive.ts";
import { naiveHeads } from "../../layers/naive_heads.ts";
import {
  tokenAt,
  transformer,
  unitRows,
  withToken,
} from "../../layers/naive_attention.ts";
import { imageNetwork } from "../../layers/naive_networks.ts";
import { drawMasks, drawSharedMasks, rowsAt } from "./naive_masks.ts";
import type { NaiveOutputs, NaivePass } from "./naive_pass.ts";
import { patchesOf } from "./naive_patch_model.ts";
import { vocabularyEntries } from "./naive_vocabulary.ts";

/** Sections 3.3 to 3.5. */
export function maskedPatchPrediction(
  pass: NaivePass,
  options: MaskedPatchPredictionOptions,
  views: number,
): NaiveOutputs {
  const { images, weights, random, statistics } = pass;
  const { grid, masked, projection, doubleView, vocabulary } = options;
  const of = (path: string) => child(weights, path);
  const dropout = { rate: options.dropout, random };
  const patches = grid ** 2;
  const { visible, locations } = options.masks === "perInstance"
    ? drawSharedMasks(images.n, patches, masked, random, views)
    : drawMasks(images.n, patches, masked, random);
  const P = patchesOf(pass, options, visible);

  // Eq. 14: a masked token is 0 + E
  const E = weights("positions");
  const width = E.length / patches;
  const patchTokens = P.map((value, i) =>
    visible[Math.floor(i / width)] * value + E[i % E.length]
  );
  const sizes = {
    ...options.transformer,
    width,
    tokens: doubleView ? patches + 1 : patches,
  };
  const contextual = transformer(
    doubleView
      ? withToken(patchTokens, weights("doubleView.token"), patches, "last")
      : patchTokens,
    of("transformer"),
    {
      ...sizes,
      visible: doubleView
        ? withToken(visible, Float64Array.of(1), patches, "last")
        : visible,
      dropout,
    },
  );

  const project = (x: Float64Array, head: string, weights = pass.weights) =>
    unitRows(
      naiveHeads[options.head](x, child(weights, head)),
      projection,
    );
  const predictions = project(
    rowsAt(contextual, locations, { ...sizes, masked }),
    "patchHead",
  );
  const isolated = options.exchange && !options.targets.exchange;
  const again = (weights: Weights) =>
    isolated
      ? patchesOf({ ...pass, weights }, { ...options, exchange: null })
      : patchesOf({ ...pass, weights }, options, visible);
  // the average after the first step
  const { momentum } = options.targets;
  const slow: Weights = (name) => {
    const initial = statistics(`momentum.averages.${name}`);
    return weights(name).map((value, i) =>
      momentum * initial[i] + (1 - momentum) * value
    );
  };
  const targets = options.targets.patches === "momentum"
    ? project(again(slow), "patchHead", slow)
    : project(isolated ? again(weights) : P, "patchHead");
  const compared = (
    label: string,
    predictions: Float64Array,
    targets: Float64Array,
  ) =>
    vocabulary
      ? {
        [label]: {
          predictions,
          targets,
          entries: vocabularyEntries(
            vocabulary,
            statistics,
            label,
            targets,
            projection,
          ),
        },
      }
      : {};
  const outputs = {
    maskedPatch: { predictions, targets, locations },
    ...compared(
      "patchVocabulary",
      predictions,
      rowsAt(targets, locations, {
        masked,
        tokens: patches,
        width: projection,
      }),
    ),
  };
  if (!doubleView) return outputs;

  const imagePredictions = project(
    tokenAt(contextual, sizes, patches),
    "doubleView.predictionHead",
  );
  const I = imageNetwork(
    images,
    of("encoder"),
    of("doubleView.imageNetwork"),
    dropout,
  );
  const imageTargets = project(I, "doubleView.imageHead");
  return {
    ...outputs,
    image: { predictions: imagePredictions, targets: imageTargets },
    ...compared("imageVocabulary", imagePredictions, imageTargets),
  };
}
