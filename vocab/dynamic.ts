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
  stopGradient,
} from "../engine/ops/elementwise.ts";
import { scatterAdd } from "../engine/ops/indexing.ts";
import { reshape } from "../engine/ops/movement.ts";
import { l2Normalize } from "../engine/ops/normalization.ts";
import { max, mean, sum } from "../engine/ops/reduction.ts";
import { constant, type Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";
import { State } from "../layers/module.ts";
import { randomDirections } from "./directions.ts";
import { type Match, matchEntries } from "./match.ts";
import { quantiles } from "./quantiles.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Settings of a dynamic vocabulary; the defaults are the paper's (section 4.1). */
export interface DynamicVocabularyOptions {
  /** Tells the kinds of vocabulary apart. */
  readonly name: "dynamic";
  /** S, the number of entries, at least 1; 16384 by default. */
  readonly entries: number;
  /** λ, the share of its mass that an entry keeps in a step, above 0 and below 1; 0.99 by default. */
  readonly decay: number;
  /** How an entry is chosen for a target; `massAware` by default. */
  readonly match: Match;
}

/**
 * Accepts {@linkcode DynamicVocabularyOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<DynamicVocabularyOptions> = z.strictObject({
  name: z.literal("dynamic"),
  entries: z.int().min(1).default(16384),
  // without any mass all entries would match alike
  decay: z.number().gt(0).lt(1).default(0.99),
  match: z.enum(["massAware", "cosine"]).default("massAware"),
});

/** A vocabulary for vectors of `width` dimensions; `label` names it in messages. */
export function create(
  options: DynamicVocabularyOptions,
  width: number,
  seed: number,
  label: string,
): Vocabulary {
  return new DynamicVocabulary(options, width, seed, label);
}

/** An entry that was matched within the last half-life of its mass, and so counts as in use. */
const MASS_IN_USE = 0.5;

/** The paper's dynamic vocabulary (section 3.5): moving cluster centres with masses. */
export class DynamicVocabulary implements Vocabulary {
  /** v: `[entries * width]`, rows of unit length. */
  readonly vectors: State;
  /** m: `[entries]` */
  readonly masses: State;

  /** A vocabulary of random directions of `width` dimensions, all of mass 1. */
  constructor(
    readonly options: Omit<DynamicVocabularyOptions, "name">,
    readonly width: number,
    seed: number,
    label: string,
  ) {
    const { entries } = options;
    this.vectors = new State(
      `${label} vectors`,
      entries * width,
      randomDirections(entries, width, seed),
    );
    this.masses = new State(`${label} masses`, entries, 1);
  }

  update(targets: Tensor, context: Context): Tensor {
    const { entries, decay, match } = this.options;
    const u = stopGradient(targets);
    const v = reshape(context.value(this.vectors), [entries, this.width]);
    const m = context.value(this.masses);
    // Eq. 17
    const matched = matchEntries(v, m, u, match);
    // Σ over the targets that an entry matched of u, and of 1
    const sums = scatterAdd(entries, matched, u);
    const counts = scatterAdd(entries, matched, constant(1, [u.shape[0], 1]));
    // Eq. 18; an entry that nothing matched keeps its direction exactly, however light it is
    const moved = l2Normalize(add(multiply(v, reshape(m, [entries, 1])), sums));
    const vectors = select(less(0.5, counts), moved, v);
    // Eq. 19
    const masses = multiply(add(m, reshape(counts, [entries])), decay);
    context.update(this.vectors, reshape(vectors, [entries * this.width]));
    context.update(this.masses, masses);
    return vectors;
  }

  metrics(context: Context): Readonly<Record<string, Tensor>> {
    const masses = context.value(this.masses);
    const share = divide(masses, sum(masses));
    const entropy = negate(sum(multiply(share, log(maximum(share, 1e-30)))));
    const [low, median, high] = quantiles(masses, [0.1, 0.5, 0.9]);
    return {
      inUse: mean(less(MASS_IN_USE, masses)),
      perplexity: exp(entropy),
      largestShare: max(share),
      meanMass: mean(masses),
      massQuantile10: low,
      massQuantile50: median,
      massQuantile90: high,
    };
  }
}
