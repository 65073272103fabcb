import type { PretextOutputs } from "../../losses/outputs.ts";
import { type TermName, terms } from "../../losses/registry.ts";
import type { PatchPredictions } from "../../losses/term.ts";
import type { Config } from "../config/config.ts";
import { mostSimilar, type Neighbour } from "../evaluate/most_similar.ts";
import { termsByWeight } from "./indicators.ts";

/** Masked patches of pictures, what a model predicts there, and what it is to choose from. */
export interface MaskedPredictions {
  /** Patches along each side of a picture. */
  readonly grid: number;
  /** Features of a patch. */
  readonly width: number;
  /** The masked locations of each picture. */
  readonly locations: readonly (readonly number[])[];
  /** `[pictures, masked, width]`, in the order of the locations. */
  readonly predictions: Float32Array;
  /**
   * Representations of patches: of all, `[pictures, grid * grid, width]`, to find the masked one among
   * those of every picture; or `[pictures, masked, width]`, to find it among those masked in its own.
   */
  readonly candidates: Float32Array;
  /** Which of the two. */
  readonly among: "all" | "masked";
}

/** What the weightiest term that takes masked patches is given; `undefined` where there is none. */
export function maskedTensors(
  outputs: PretextOutputs,
  config: Config,
): PatchPredictions | undefined {
  return termsByWeight(config)
    .map(({ name }) => patchPredictions(name, outputs))
    .find((predictions) => predictions !== undefined);
}

function patchPredictions<Name extends TermName>(
  name: Name,
  outputs: PretextOutputs,
): PatchPredictions | undefined {
  const output: PretextOutputs[Name] = outputs[name];
  return output && terms[name].patchPredictions?.(output);
}

/** A patch of a picture. */
export interface PatchPlace {
  /** Which picture. */
  readonly picture: number;
  /** Its location in the grid. */
  readonly location: number;
}

/** Where the candidates of a prediction rank. */
export interface Retrieval {
  /** The masked patch. */
  readonly asked: PatchPlace;
  /** Number of candidates. */
  readonly candidates: number;
  /** The place of the masked patch among them, from 1; behind those on a par. */
  readonly rank: number;
  /** The most similar candidates, the best first. */
  readonly best: readonly (PatchPlace & Pick<Neighbour, "similarity">)[];
}

/** Ranks the candidates for the masked patch number `k` of a picture by the score that the model's loss uses. */
export function retrieve(
  masked: MaskedPredictions,
  picture: number,
  k: number,
  count: number,
): Retrieval {
  const { width, locations, predictions, candidates, among } = masked;
  const own = locations[picture];
  const patches = masked.grid ** 2;
  const asked = { picture, location: own[k] };
  const query = row(predictions, picture * own.length + k, width);
  const isAmongAll = among === "all";
  const scale = isAmongAll ? 1 : 1 / Math.sqrt(width);
  const first = isAmongAll ? 0 : picture * own.length;
  const total = isAmongAll ? locations.length * patches : own.length;
  const scores = Array.from(
    { length: total },
    (_, i) => scale * dot(query, row(candidates, first + i, width)),
  );
  const truth = isAmongAll ? picture * patches + asked.location : k;
  const placeOf = (i: number): PatchPlace =>
    isAmongAll
      ? { picture: Math.floor(i / patches), location: i % patches }
      : { picture, location: own[i] };
  return {
    asked,
    candidates: total,
    // numbers that are no numbers are on a par
    rank: scores.filter((score) => !(score < scores[truth])).length,
    best: mostSimilar(scores, count).map(({ index, similarity }) => ({
      ...placeOf(index),
      similarity,
    })),
  };
}

/** The masked patches with their representations, where all patches are represented. */
export function maskedPatches(
  { grid, width, locations, candidates }: MaskedPredictions,
): { readonly place: PatchPlace; readonly vector: Float32Array }[] {
  return locations.flatMap((own, picture) =>
    own.map((location) => ({
      place: { picture, location },
      vector: row(candidates, picture * grid ** 2 + location, width),
    }))
  );
}

/** The product of two vectors of the same length; the cosine if both have unit length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function row(values: Float32Array, i: number, width: number): Float32Array {
  return values.subarray(i * width, (i + 1) * width);
}
