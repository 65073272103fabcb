import { z } from "zod";
import {
  add,
  cast,
  less,
  multiply,
  select,
  subtract,
} from "../engine/ops/elementwise.ts";
import { stopGradient } from "../engine/ops/gradient_flow.ts";
import { iota } from "../engine/ops/iota.ts";
import { allGather } from "../engine/ops/collective.ts";
import { gather } from "../engine/ops/indexing.ts";
import { reshape } from "../engine/ops/movement.ts";
import { checkShape, type Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";
import { UserError } from "../engine/user_error.ts";
import { State } from "../layers/state.ts";
import { randomDirections } from "./directions.ts";
import { Vocabulary, type VocabularyKind } from "./vocabulary.ts";

/** Settings of a queue. */
export interface QueueOptions {
  /** Its name in the registry. */
  readonly name: "queue";
  /** S, the number of entries, at least the number of targets in a step; 16,384 by default. */
  readonly entries: number;
}

/** A queue of the latest targets. */
export const queue: VocabularyKind<QueueOptions> = {
  schema: z.strictObject({
    name: z.literal("queue"),
    entries: z.int().min(1).default(16384),
  }),
  create: ({ entries }, width, seed, label) =>
    new Queue(entries, width, seed, label),
};

/** A first-in-first-out queue of the latest targets, as in MoCo (He et al. 2019). */
export class Queue extends Vocabulary {
  /** `[entries, width]`, rows of unit length. */
  readonly vectors: State;
  /** Index of the entry that the next target replaces, the oldest one: `[1]`. */
  readonly position: State;

  /** A queue of vectors of `width` dimensions, full of random directions. */
  constructor(
    /** Number of entries. */
    readonly entries: number,
    width: number,
    seed: number,
    label: string,
  ) {
    super();
    this.vectors = new State(
      `${label} vectors`,
      [entries, width],
      randomDirections(entries, width, seed),
    );
    this.position = new State(`${label} position`, [1], 0);
  }

  /**
   * Replaces the oldest entries with the targets of a step, those of all processes.
   *
   * @throws {RangeError} if the targets have another width than the entries.
   * @throws {UserError} if there are more targets than entries.
   */
  override update(targets: Tensor, context: Context): Tensor {
    const { entries } = this;
    checkShape(targets, ["n", this.vectors.shape[1]], "Queue: targets");
    const all = allGather(stopGradient(targets), context.communicator);
    const [n] = all.shape;
    if (n > entries) {
      throw new UserError(
        `${n} targets do not fit a queue of ${entries} entries; raise model.vocabulary.entries`,
      );
    }
    const position = context.value(this.position);
    const old = context.value(this.vectors);
    // entry e takes target (e - position) mod entries, if there is one
    const offset = subtract(iota([entries], 0, "f32"), position);
    const order = add(offset, multiply(less(offset, 0), entries));
    const latest = gather(all, cast(order, "i32"));
    const vectors = select(reshape(less(order, n), [entries, 1]), latest, old);
    const next = add(position, n);
    context.update(this.vectors, vectors);
    context.update(
      this.position,
      subtract(next, multiply(less(entries - 0.5, next), entries)),
    );
    return vectors;
  }

  /** None: all entries are used equally. */
  override metrics(): Readonly<Record<string, Tensor>> {
    return {};
  }
}
