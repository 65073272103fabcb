import type { z } from "zod";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "../layers/context.ts";

/** Vectors remembered from earlier batches, to compare predictions with. */
export abstract class Vocabulary {
  /**
   * Takes in the targets of a step; no gradient flows through.
   *
   * @param targets `[n, width]`, rows of unit length
   * @returns all entries after the update: `[entries, width]`, rows of unit length
   * @throws {RangeError} if the targets have another width than the entries.
   */
  abstract update(targets: Tensor, context: Context): Tensor;
  /** Metrics of how the entries are used after the latest update, one element each. */
  abstract metrics(context: Context): Readonly<Record<string, Tensor>>;
}

/** What the options of every kind of vocabulary have. */
export interface VocabularyEntries {
  /** Number of entries, at least 1. */
  readonly entries: number;
}

/** A kind of vocabulary, as its file exports it. */
export interface VocabularyKind<Options extends VocabularyEntries> {
  /**
   * Accepts its options, whose `name` is the name in the registry.
   *
   * @internal
   */
  readonly schema: z.ZodType<Options>;
  /**
   * The most entries that can be in use where each step takes in `targets` that differ; absent where
   * use is not measured.
   */
  mostInUse?(options: Options, targets: number): number;
  /** A vocabulary for vectors of `width` dimensions; `label` names its states in messages. */
  create(
    options: Options,
    width: number,
    seed: number,
    label: string,
  ): Vocabulary;
}
