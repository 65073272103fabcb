import { type TermName, terms, termsIn } from "../../losses/registry.ts";
import type { RetrievalTask } from "../../losses/term.ts";
import type { Config } from "../config/config.ts";
import { stepSizes } from "../step_sizes.ts";

/** A chart of what was measured: one number or several of the same kind. */
export interface Indicator {
  /** Names of the measurements, behind the name of the term; `""` is the term itself. */
  readonly metrics: readonly string[];
  /** What the lines are called where there are several. */
  readonly lines?: readonly string[];
  /** Its heading. */
  readonly title: string;
  /** What is good or bad. */
  readonly hint: string;
}

/** What is measured of a step as a whole. */
export const STEP_INDICATORS: readonly Indicator[] = [
  {
    metrics: ["loss"],
    title: "Loss",
    hint: "The weighted sum of the terms. It should fall.",
  },
  {
    metrics: ["gradientNorm"],
    title: "Gradient norm",
    hint: "Spikes that grow call for a lower learning rate.",
  },
  {
    metrics: ["learningRate"],
    title: "Learning rate",
    hint: "As scheduled: a warm-up, then half a cosine.",
  },
  {
    metrics: ["imagesPerSecond"],
    title: "Images per second",
    hint: "All views counted. Other work on the machine slows it.",
  },
];

/** What is measured of the terms of the loss, in the order in which it is shown. */
export const TERM_INDICATORS: readonly Indicator[] = [
  {
    metrics: [""],
    title: "Loss",
    hint: "Before it is weighted. It should fall.",
  },
  {
    metrics: [".retrieval"],
    title: "Retrieval",
    hint: "How often the right one scores highest. It should rise.",
  },
  {
    metrics: [".positiveSimilarity", ".negativeSimilarity"],
    lines: ["right", "wrong"],
    title: "Similarity",
    hint: "Of right and of wrong pairs, 0 to 1. They should part.",
  },
  {
    metrics: [".maskAndLocationShare"],
    title: "Mask and location",
    hint:
      "What the two explain of the targets' variance. Near 1 the task is a shortcut.",
  },
  {
    metrics: [".sameLocationSimilarity"],
    title: "Similarity at the location",
    hint:
      "To other images' patches there. It should stay below that of the right.",
  },
  {
    metrics: [".deviation"],
    title: "Deviation",
    hint: "0 if all representations are equal, 1 if they point everywhere.",
  },
  {
    metrics: [".effectiveRank"],
    title: "Effective rank",
    hint: "Dimensions in use. Near 1 they have collapsed.",
  },
  {
    metrics: [".inUse"],
    title: "Entries in use",
    hint: "Their share. Near 0, few entries take all.",
  },
  {
    metrics: [".perplexity"],
    title: "Perplexity",
    hint: "As many equal entries would be as evenly used.",
  },
  {
    metrics: [".largestShare"],
    title: "Largest share",
    hint: "Of the mass, in one entry. Near 1 it takes all.",
  },
  {
    metrics: [
      ".meanMass",
      ".massQuantile10",
      ".massQuantile50",
      ".massQuantile90",
    ],
    lines: ["mean", "10 %", "50 %", "90 %"],
    title: "Masses",
    hint: "Their mean and quantiles over the entries.",
  },
];

/** The terms of the loss, the weightiest first. */
export function termsByWeight(
  { losses }: Config,
): { readonly name: TermName; readonly weight: number }[] {
  return termsIn(losses)
    .map((name) => ({ name, weight: losses[name].weight }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
}

/**
 * What the retrieval of a term counts; `undefined` where that is not known.
 *
 * @param processes How many took the step; where that is not known neither is what each of them compared,
 * if it did so by itself.
 */
export function retrievalTask<Name extends TermName>(
  name: Name,
  config: Config,
  processes?: number,
): RetrievalTask | undefined {
  const isLocal = config.distributed.negatives === "local";
  if (isLocal && processes === undefined) return undefined;
  const sizes = stepSizes(config, processes ?? 1);
  return terms[name].retrieval?.(config.losses[name], sizes);
}
