import { z } from "zod";
import {
  add,
  cast,
  iota,
  less,
  multiply,
  select,
  stopGradient,
  subtract,
} from "../engine/ops/elementwise.ts";
import { gather } from "../engine/ops/indexing.ts";
import { reshape } from "../engine/ops/movement.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";
import { UserError } from "../engine/user_error.ts";
import { State } from "../layers/module.ts";
import { randomDirections } from "./directions.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Settings of a queue. */
export interface QueueOptions {
  /** Tells the kinds of vocabulary apart. */
  readonly name: "queue";
  /** S, the number of entries, at least the targets of a step; 16384 by default. */
  readonly entries: number;
}

/**
 * Accepts {@linkcode QueueOptions}.
 *
 * @internal
 */
export const schema: z.ZodType<QueueOptions> = z.strictObject({
  name: z.literal("queue"),
  entries: z.int().min(1).default(16384),
});

/** A queue for vectors of `width` dimensions; `label` names it in messages. */
export function create(
  { entries }: QueueOptions,
  width: number,
  seed: number,
  label: string,
): Vocabulary {
  return new Queue(entries, width, seed, label);
}

/** A first-in-first-out queue of the latest targets, as memory banks keep them (He et al. 2019). */
export class Queue implements Vocabulary {
  /** `[entries * width]`, rows of unit length. */
  readonly vectors: State;
  /** The entry that the next target replaces, `[1]`. */
  readonly position: State;

  /** A queue of so many entries of `width` dimensions, random directions at first. */
  constructor(
    readonly entries: number,
    readonly width: number,
    seed: number,
    label: string,
  ) {
    const initial = randomDirections(entries, width, seed);
    this.vectors = new State(`${label} vectors`, initial.length, initial);
    this.position = new State(`${label} position`, 1, 0);
  }

  /**
   * Replaces the oldest entries by the targets of a step.
   *
   * @throws {UserError} if there are more targets than entries.
   */
  update(targets: Tensor, context: Context): Tensor {
    const { entries, width } = this;
    const [n] = targets.shape;
    if (n > entries) {
      throw new UserError(
        `${n} targets do not fit a queue of ${entries} entries; raise model.vocabulary.entries`,
      );
    }
    const position = context.value(this.position);
    const old = reshape(context.value(this.vectors), [entries, width]);
    // entry e takes target e - position, counted around the ring, if there is one
    const behind = subtract(iota([entries], 0, "f32"), position);
    const order = add(behind, multiply(less(behind, 0), entries));
    const latest = gather(stopGradient(targets), cast(order, "i32"));
    const vectors = select(reshape(less(order, n), [entries, 1]), latest, old);
    const next = add(position, n);
    context.update(this.vectors, reshape(vectors, [entries * width]));
    context.update(
      this.position,
      subtract(next, multiply(less(entries - 0.5, next), entries)),
    );
    return vectors;
  }

  /** Nothing: every entry is used alike. */
  metrics(): Readonly<Record<string, Tensor>> {
    return {};
  }
}
