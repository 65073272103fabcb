import type { Config } from "../config/config.ts";

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

const TERM_TITLES: Readonly<Record<string, string>> = {
  maskedPatch: "Masked patches, L_mp",
  image: "Whole images, L_mi",
  patchVocabulary: "Vocabulary of patches, L_vp",
  imageVocabulary: "Vocabulary of images, L_vi",
  selfie: "Selfie",
  allp: "Allp",
};

/** What a term of the loss is called. */
export function termTitle(term: string): string {
  return TERM_TITLES[term] ?? term;
}

/** The terms of the loss, the weightiest first. */
export function termsByWeight(
  { losses }: Config,
): { readonly name: string; readonly weight: number }[] {
  return Object.entries(losses)
    .map(([name, { weight }]) => ({ name, weight }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
}

/** What is looked for, and how often a random choice finds it. */
export interface RetrievalTask {
  /** For a sentence: how often the right one of so many was found. */
  readonly sentence: string;
  /** The share that a random choice would find. */
  readonly chance: number;
}

/** The candidates of L_mp are all patches of a batch, or the masked ones. */
function maskedPatchTask(
  { model, losses, batchSize: n, views }: Config,
): RetrievalTask | undefined {
  if (model.name !== "maskedPatchPrediction") return undefined;
  const patches = model.grid ** 2;
  const isAll = losses.maskedPatch.candidates === "all";
  const candidates = n * (isAll ? patches : model.masked);
  // a patch of another view is a candidate if it is masked there too
  const isCandidate = isAll || model.masks === "perInstance"
    ? 1
    : model.masked / patches;
  return {
    sentence: `of masked patches were found among the ${candidates} ${
      isAll ? "" : "masked ones "
    }of a batch`,
    chance: (1 + (views - 1) * isCandidate) / candidates,
  };
}

/** What the retrieval of a term counts; `undefined` of a term that is not known here. */
export function retrievalTask(
  term: string,
  config: Config,
): RetrievalTask | undefined {
  const { model, batchSize: n, views } = config;
  switch (term) {
    case "maskedPatch":
      return maskedPatchTask(config);
    case "image":
      return {
        sentence: `of images were found among the ${n} of a batch`,
        chance: views / n,
      };
    case "allp":
      return {
        sentence: `of views found another of their image among the ${
          n - 1
        } others of a batch`,
        chance: (views - 1) / (n - 1),
      };
    case "selfie": {
      const masked = "masked" in model ? model.masked : 1;
      return {
        sentence:
          `of masked patches were found among the ${masked} of their image`,
        chance: 1 / masked,
      };
    }
  }
  return undefined;
}
