import type { PretextOutputs } from "../../../losses/outputs.ts";
import type { ContrastOptions } from "../../../losses/contrast.ts";
import type { LossOptions } from "../../../losses/registry.ts";
import type { Config } from "../../../train/config/config.ts";
import { naiveContrast } from "../../losses/naive_contrast.ts";
import { naiveVocabularyNegatives } from "../../losses/naive_vocabulary.ts";
import type { NaiveOutputs } from "./naive_pass.ts";
import { dot, rowsOf } from "./naive_vocabulary.ts";

const MARGIN = 1e-6;
const bounded = (x: number) => Math.min(Math.max(x, MARGIN), 1 - MARGIN);
const similarity = (x: number[], y: number[]) => bounded((1 + dot(x, y)) / 2);
const mean = (values: number[]) =>
  values.reduce((a, b) => a + b) / values.length;

/** Eq. 20. */
function pushAway(
  predictions: number[][],
  targets: number[][],
  entries: number[][],
): number {
  return mean(
    predictions.flatMap((û, j) =>
      entries.map((v) =>
        (similarity(v, targets[j]) - 1) * Math.log(1 - similarity(v, û))
      )
    ),
  );
}

/** Eq. 9: a cross entropy over the candidates of each image. */
function jigsaw(
  queries: number[][],
  candidates: number[][],
  masked: number,
): number {
  return mean(queries.map((query, k) => {
    const start = k - k % masked;
    const scores = candidates.slice(start, start + masked).map((candidate) =>
      Math.exp(dot(query, candidate) / Math.sqrt(query.length))
    );
    return -Math.log(scores[k - start] / scores.reduce((a, b) => a + b));
  }));
}

/** Eqs. 12 and 13, with S the softmax of cosine / 0.07. */
function contrastViews(vectors: number[][], views: number): number {
  const instance = (i: number) => Math.floor(i / views);
  const terms: number[] = [];
  vectors.forEach((u, a) => {
    const score = (x: number[]) => Math.exp(dot(u, x) / 0.07);
    const negatives = vectors.filter((_, k) => instance(k) !== instance(a));
    for (let b = a + 1; instance(b) === instance(a); b++) {
      const candidates = [vectors[b], ...negatives].map(score);
      const total = candidates.reduce((x, y) => x + y);
      const [positive, ...others] = candidates.map((x) => x / total);
      terms.push(
        others.reduce(
          (sum, s) => sum - Math.log(1 - bounded(s)),
          -Math.log(positive),
        ),
      );
    }
  });
  return mean(terms);
}

/**
 * The weighted sum of the terms. No gradient flows through vocabulary entries, the weight of Eq. 20,
 * and targets that are not online: they are taken from `held`, which does not move with the parameters.
 */
export function naiveLoss(
  outputs: NaiveOutputs,
  held: NaiveOutputs,
  { losses, model, views, batchSize }: Config,
): number {
  const masked = model.name === "allp" ? 0 : model.masked;
  const patches = model.grid ** 2;
  const width = model.name === "selfie"
    ? outputs.selfie!.queries.length / (batchSize * masked)
    : model.projection;
  const rows = (
    part: keyof PretextOutputs,
    name: string,
    values: NaiveOutputs = outputs,
  ) => rowsOf(values[part]![name], width);
  const instance = (image: number) => Math.floor(image / views);
  const online = (kind: "patches" | "images") =>
    model.name !== "maskedPatchPrediction" || model.targets[kind] === "online";
  const further = (
    part: keyof PretextOutputs,
    { negatives, temperature }: ContrastOptions,
  ) =>
    negatives === "batch" ? undefined : (i: number) =>
      naiveVocabularyNegatives(
        rows(part, "predictions")[i],
        rows(part, "targets", held)[i],
        rows(part, "entries", held),
        temperature,
      );
  const terms: Record<keyof LossOptions, () => number> = {
    maskedPatch: () => {
      const targets = rows(
        "maskedPatch",
        "targets",
        online("patches") ? outputs : held,
      );
      const locations = [...outputs.maskedPatch!.locations];
      // which of all patches
      const predicted = locations.map((location, i) =>
        Math.floor(i / masked) * patches + location
      );
      const candidates = losses.maskedPatch.candidates === "masked"
        ? predicted
        : [...targets.keys()];
      return naiveContrast(
        rows("maskedPatch", "predictions"),
        candidates.map((patch) => targets[patch]),
        (i, j) =>
          instance(Math.floor(predicted[i] / patches)) ===
            instance(Math.floor(candidates[j] / patches)) &&
          locations[i] === candidates[j] % patches,
        losses.maskedPatch,
        further("patchVocabulary", losses.maskedPatch),
      ).loss;
    },
    image: () =>
      naiveContrast(
        rows("image", "predictions"),
        rows("image", "targets", online("images") ? outputs : held),
        (i, j) => instance(i) === instance(j),
        losses.image,
        further("imageVocabulary", losses.image),
      ).loss,
    patchVocabulary: () => vocabularyTerm("patchVocabulary"),
    imageVocabulary: () => vocabularyTerm("imageVocabulary"),
    selfie: () =>
      jigsaw(rows("selfie", "queries"), rows("selfie", "candidates"), masked),
    allp: () => contrastViews(rows("allp", "vectors"), views),
  };
  const vocabularyTerm = (part: keyof PretextOutputs) =>
    pushAway(
      rows(part, "predictions"),
      rows(part, "targets", held),
      rows(part, "entries", held),
    );
  return (Object.keys(terms) as (keyof LossOptions)[])
    .filter((name) => losses[name].weight > 0)
    .reduce(
      (total, name) => total + losses[name].weight * terms[name](),
      0,
    );
}
