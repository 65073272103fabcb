import type { PretextOutputs } from "../../../losses/outputs.ts";
import type { NaiveImages, Weights } from "../../layers/naive.ts";
import type { NaiveRandom } from "../../layers/naive_random.ts";

/** What a training pass in float64 needs. */
export interface NaivePass {
  readonly images: NaiveImages;
  readonly weights: Weights;
  readonly random: NaiveRandom;
  /** Vocabularies before the pass, by name. */
  readonly statistics: Weights;
}

/** The parts of `PretextOutputs`, with the values of their tensors. */
export type NaiveOutputs = {
  readonly [Part in keyof PretextOutputs]?: Readonly<
    Record<string, Float64Array>
  >;
};
