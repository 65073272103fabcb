import { type TermName, terms, termsIn } from "../losses/registry.ts";
import { mostInUse } from "../vocab/registry.ts";
import type { Config } from "./config/config.ts";
import { isObject } from "./config/schema.ts";
import { modelKind } from "./models/registry.ts";
import { stepSizes } from "./step_sizes.ts";
import type { StepMetrics } from "./training_step.ts";

/** A problem that a falling loss may hide. */
interface Trouble {
  /** Says what is wrong, with patches or images. */
  readonly says: (subject: string) => string;
  /** For how many steps after the warm-up a sign has to be seen. */
  readonly steps: number;
  /** What shows it; one sign is enough. */
  readonly signs: readonly Sign[];
  /** What a new run should have; without anything to change nothing is said. */
  readonly remedies: (config: Config, term: TermName) => readonly string[];
}

/** A metric on the wrong side of a bound. */
interface Sign {
  /** The metric's name, after that of its term. */
  readonly metric: string;
  /** Its name in messages. */
  readonly label: string;
  /** The wrong side. */
  readonly side: "below" | "above";
  /** The bound for a term, in a number of processes; `undefined` where there is none. */
  readonly bound: (
    config: Config,
    term: TermName,
    processes: number,
  ) => number | undefined;
}

/** A sign in the numbers of a term. */
interface Watched {
  readonly trouble: Trouble;
  readonly sign: Sign;
  readonly term: TermName;
  readonly bound: number;
  readonly remedies: readonly string[];
}

/** Long enough that neither a dip nor the first steps of Adam count. */
const STEPS = 100;

/** For this many steps the masses of a vocabulary remember their initial values: 0.99²⁰⁰ is 0.13. */
const VOCABULARY_STEPS = 200;

/**
 * At 0.2 two representations have a cosine of 1 - 0.2² = 0.96 on average. `allp-tiny` fell to 0.012 on
 * CIFAR-10, with a loss that stayed at 5.10; a healthy run (InfoNCE, linear layers by fan-in) was
 * above 0.9 from step 80 on.
 */
const MIN_DEVIATION = 0.2;

/**
 * The least effective rank as a share of the width, if it were known from any number of images: 3 of
 * 128. On CIFAR-10 it was 1.0 to 2.9 in `allp-tiny` and at most 2.7 for images in `dv2-tiny`; with
 * InfoNCE, by fan-in or with masked candidates alone it was above 3 after 300 steps. On synthetic images
 * `double-view-tiny` begins with 2.3 and has 3 after 120 steps.
 */
const MIN_RANK_SHARE = 3 / 128;

/**
 * The least perplexity as a share of the entries that may be in use: 51 of 1024. In `dv2-tiny` the
 * vocabulary of patches had 140 or more on CIFAR-10, that of images 12 to 50 until step 150, while the
 * images were collapsed to rank 2; plain cosine match is left with 41 where there are 40 clusters.
 */
const MIN_PERPLEXITY_SHARE = 1 / 20;

/** With half of the mass one entry outweighs all others together. */
const MAX_LARGEST_SHARE = 0.5;

/**
 * The largest share of the targets' variance that their mask and location may explain, beside what
 * they do by chance. On CIFAR-10 it was 0.67 after 200 steps of `dv2-tiny`, 0.07 in `baseline-tiny`,
 * which has no exchange, and 0.06 in the healthy run, with masked patches as the only candidates.
 */
const MAX_EXPLAINED_SHARE = 0.5;

const TROUBLES: readonly Trouble[] = [
  {
    says: (subject) => `the representations of ${subject} collapse`,
    steps: STEPS,
    signs: [
      {
        metric: "deviation",
        label: "deviation",
        side: "below",
        bound: () => MIN_DEVIATION,
      },
      {
        metric: "effectiveRank",
        label: "effective rank",
        side: "below",
        bound: rankBound,
      },
    ],
    remedies: againstCollapse,
  },
  {
    says: (subject) => `most of the vocabulary of ${subject} is dead`,
    steps: VOCABULARY_STEPS,
    signs: [
      {
        metric: "perplexity",
        label: "perplexity",
        side: "below",
        bound: perplexityBound,
      },
      {
        metric: "largestShare",
        label: "largest share of the masses",
        side: "above",
        bound: () => MAX_LARGEST_SHARE,
      },
    ],
    // targets that are all alike match few entries
    remedies: (config, term) => [
      ...missing(config, "model.vocabulary.match=massAware"),
      ...againstCollapse(config, term),
    ],
  },
  {
    says: (subject) => `the prediction of ${subject} takes a shortcut`,
    steps: STEPS,
    signs: [
      {
        metric: "maskAndLocationShare",
        label: "share of the variance explained by mask and location",
        side: "above",
        bound: explainedBound,
      },
    ],
    // masked patches bypass the exchange, which tells them from visible ones
    remedies: (config) =>
      missing(config, "losses.maskedPatch.candidates=masked"),
  },
];

/**
 * What raised the rank of the targets on CIFAR-10. Images and patches of the method as printed with the
 * encoder of `double-view-quick`, 300 steps of 128, three seeds: from 2.2 and 7.9 to 4.1 and 12.4 by
 * InfoNCE, images to 3.8 by fan-in. `allp-tiny` with half of the channels, 160 steps: from 1.1 to 4 by
 * fan-in, to 8.4 with batch norm in the head as well, and then only was the learning rate of
 * consequence: with ten times as much it was 4.4. Neither a tenth of it nor InfoNCE helped without them.
 * A vocabulary loss by `predictions` brought 19 and 15 down to 3.
 */
function againstCollapse(config: Config, term: TermName): string[] {
  const remedies = [
    ...(["imageVocabulary", "patchVocabulary"] as const)
      .filter((vocabulary) => config.losses[vocabulary].weight > 0)
      .flatMap((vocabulary) =>
        missing(config, `losses.${vocabulary}.normalizer=pairs`)
      ),
    ...(term === "allp" ? [] : missing(config, `losses.${term}.form=infoNce`)),
    ...missing(config, "model.initialization=fanIn"),
    ...(valueAt(config, "model.head") === "linear"
      ? ["model.head=batchNorm"]
      : []),
  ];
  return remedies.length > 0 ? remedies : ["a lower optimizer.learningRate"];
}

/** A setting, if the config has it with another value. */
function missing(config: Config, setting: string): string[] {
  const [path, value] = setting.split("=");
  const present = valueAt(config, path);
  return present === undefined || present === value ? [] : [setting];
}

/** What a config has at `path.to.key`; `undefined` where it has nothing. */
function valueAt(config: Config, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (parent, key) => isObject(parent) ? parent[key] : undefined,
    config,
  );
}

/**
 * A share of the width, as far as it can be seen in a batch: n samples of something of rank r have
 * about `1 / (1/r + 1/(n - 1))`.
 */
function rankBound(
  config: Config,
  term: TermName,
  processes: number,
): number | undefined {
  const { width } = modelKind(config.model).compared(config.model);
  if (width === undefined) return undefined;
  const rank = MIN_RANK_SHARE * width;
  const { images, masks } = stepSizes(config, processes);
  const n = samples(images / config.views, term, masks?.patches);
  return 1 / (1 / rank + 1 / (n - 1));
}

/** A share of the entries that can be in use. */
function perplexityBound(config: Config, term: TermName): number | undefined {
  const { vocabulary, masks } = modelKind(config.model).compared(config.model);
  // the entries are common to all processes
  const instances = config.batchSize / config.views;
  const targets = samples(instances, term, masks?.masked);
  const most = vocabulary && mostInUse(vocabulary, targets);
  return typeof most === "number" ? MIN_PERPLEXITY_SHARE * most : undefined;
}

/** A share of the variance, and of the rest what groups explain by chance: as many as samples explain all. */
function explainedBound(
  config: Config,
  term: TermName,
  processes: number,
): number {
  const { images, masks } = stepSizes(config, processes);
  const patches = masks?.patches ?? 1;
  // each location masked, and visible
  const chance = 2 * patches / samples(images / config.views, term, patches);
  return chance + MAX_EXPLAINED_SHARE * (1 - chance);
}

/** How many targets differ, views of an instance being alike; a model may mask no patches. */
function samples(instances: number, term: TermName, patches = 1): number {
  return terms[term].subject === "patches" ? instances * patches : instances;
}

/** The signs to look for, in the order of the troubles. */
function signsOf(config: Config, processes: number): Watched[] {
  const watched: Watched[] = [];
  for (const trouble of TROUBLES) {
    for (const sign of trouble.signs) {
      for (const term of termsIn(config.losses)) {
        const bound = sign.bound(config, term, processes);
        const remedies = trouble.remedies(config, term);
        if (bound === undefined || remedies.length === 0) continue;
        watched.push({ trouble, sign, term, bound, remedies });
      }
    }
  }
  return watched;
}

/** Says what is wrong, what shows it, and what to do. */
function describe(
  { trouble, sign, term, bound, remedies }: Watched,
  value: number,
): string {
  return `${trouble.says(terms[term].subject)} (${sign.label} ${
    round(value)
  }, ` +
    `${sign.side} ${round(bound)} for ${trouble.steps} steps): ` +
    `start a new run with ${alternatives.format(remedies)}`;
}

/** Writes "a, b or c". */
const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** Writes two significant digits. */
function round(value: number): string {
  return String(Number(value.toPrecision(2)));
}

/**
 * Watches the numbers of a run for collapse (representations that are all alike, or fill few
 * dimensions), a vocabulary that is dead for the most part, and a shortcut.
 */
export class TroubleWatch {
  readonly #watched: readonly Watched[];
  /** Since which step each sign has been seen at every step. */
  readonly #since = new Map<Watched, number>();
  readonly #told = new Set<Trouble>();

  /** Watches the terms of a config in a number of processes. */
  constructor(private readonly config: Config, processes = 1) {
    this.#watched = signsOf(config, processes);
  }

  /**
   * Records a step.
   *
   * @param step Number of steps done.
   * @param metrics The numbers of the last one.
   * @returns A sentence for each trouble that has now lasted long enough, with what to change; never twice.
   */
  observe(step: number, metrics: StepMetrics): string[] {
    if (step < this.config.warmupSteps) return [];
    const sentences: string[] = [];
    for (const watched of this.#watched) {
      const { trouble, sign, term, bound } = watched;
      const value = metrics[`${term}.${sign.metric}`];
      if (!(sign.side === "below" ? value < bound : value > bound)) {
        this.#since.delete(watched);
        continue;
      }
      const since = this.#since.get(watched) ?? step;
      this.#since.set(watched, since);
      if (step - since < trouble.steps || this.#told.has(trouble)) continue;
      this.#told.add(trouble);
      sentences.push(describe(watched, value));
    }
    return sentences;
  }
}
