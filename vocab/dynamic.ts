import { z } from "zod";
import {
  add,
  divide,
  exp,
  less,
  log,
  maximum,
  multiply,
  negate,
  select,
} from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import { allReduceTogether } from "../engine/ops/collective.ts";
import { scatterAdd } from "../engine/ops/indexing.ts";
import { reshape } from "../engine/ops/movement.ts";
import { l2Normalize } from "../engine/ops/normalization.ts";
import { max, mean, sum } from "../engine/ops/reduction.ts";
import { constant, type Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";
import { State } from "../layers/state.ts";
import { randomDirections } from "./directions.ts";
import { type Match, matchEntries } from "./match.ts";
import { quantiles } from "./quantiles.ts";
import { Vocabulary, type VocabularyKind } from "./vocabulary.ts";

/** Settings of a dynamic vocabulary; the defaults are the paper's (section 4.1). */
export interface DynamicVocabularyOptions {
  /** Its name in the registry. */
  readonly name: "dynamic";
  /** S, the number of entries, at least 1; 16,384 by default. */
  readonly entries: number;
  /** λ, the share of its mass that an entry keeps in a step, above 0 and below 1; 0.99 by default. */
  readonly decay: number;
  /** How a target chooses its entry; `massAware` (Eq. 17) by default. */
  readonly match: Match;
}

/** The paper's dynamic vocabulary. */
export const dynamic: VocabularyKind<DynamicVocabularyOptions> = {
  schema: z.strictObject({
    name: z.literal("dynamic"),
    entries: z.int().min(1).default(16384),
    // rounded to float32 it may be neither 0, with which every mass is 0 and all entries match equally
    // well, nor 1, with which no mass decays
    decay: z.number().min(1e-30).max(1 - 1e-7).default(0.99),
    match: z.enum(["massAware", "cosine"]).default("massAware"),
  }),
  // masses remember the targets of 1 / (1 - decay) steps
  mostInUse: ({ entries, decay }, targets) =>
    Math.min(entries, targets / (1 - decay)),
  create: (options, width, seed, label) =>
    new DynamicVocabulary(options, width, seed, label),
};

/** Mass from which an entry counts as in use: once matched, it takes a half-life to fall below this. */
const MIN_MASS_IN_USE = 0.5;

/** The paper's dynamic vocabulary (section 3.5): moving cluster centres with masses. */
export class DynamicVocabulary extends Vocabulary {
  /** v: `[entries, width]`, rows of unit length. */
  readonly vectors: State;
  /** m: `[entries]` */
  readonly masses: State;

  /** A vocabulary of random directions of `width` dimensions, all of mass 1. */
  constructor(
    /** Number of entries, decay and match. */
    readonly options: Omit<DynamicVocabularyOptions, "name">,
    width: number,
    seed: number,
    label: string,
  ) {
    super();
    const { entries } = options;
    this.vectors = new State(
      `${label} vectors`,
      [entries, width],
      randomDirections(entries, width, seed),
    );
    this.masses = new State(`${label} masses`, [entries], 1);
  }

  /** Matches each target with an entry (Eq. 17), then moves the entries that were matched (Eqs. 18, 19). */
  override update(targets: Tensor, context: Context): Tensor {
    const { entries, decay, match } = this.options;
    const u = stopGradient(targets);
    const v = context.value(this.vectors);
    const m = context.value(this.masses);
    // Eq. 17
    const matched = matchEntries(v, m, u, match);
    // sum and number of the targets of all processes that matched each entry: [entries, width] and
    // [entries, 1]
    const [sums, counts] = allReduceTogether([
      scatterAdd(entries, matched, u),
      scatterAdd(entries, matched, constant(1, [u.shape[0], 1])),
    ], context.communicator);
    // Eq. 18; an unmatched entry keeps its direction exactly, however light it is
    const moved = l2Normalize(add(multiply(v, reshape(m, [entries, 1])), sums));
    const vectors = select(less(0.5, counts), moved, v);
    // Eq. 19
    const masses = multiply(add(m, reshape(counts, [entries])), decay);
    context.update(this.vectors, vectors);
    context.update(this.masses, masses);
    return vectors;
  }

  /** Share of entries in use, perplexity of the masses' distribution, its largest share, and mass quantiles. */
  override metrics(context: Context): Readonly<Record<string, Tensor>> {
    const masses = context.value(this.masses);
    const share = divide(masses, sum(masses));
    const entropy = negate(sum(multiply(share, log(maximum(share, 1e-30)))));
    const [low, median, high] = quantiles(masses, [0.1, 0.5, 0.9]);
    return {
      inUse: mean(less(MIN_MASS_IN_USE, masses)),
      perplexity: exp(entropy),
      largestShare: max(share),
      meanMass: mean(masses),
      massQuantile10: low,
      massQuantile50: median,
      massQuantile90: high,
    };
  }
}
