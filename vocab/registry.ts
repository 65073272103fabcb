import * as kinds from "./kinds.ts";
import type { Vocabulary, VocabularyKind } from "./vocabulary.ts";

/** Options of any kind of vocabulary; `name` says which. */
export type VocabularyOptions = Parameters<
  (typeof kinds)[keyof typeof kinds]["create"]
>[0];

const registry: Readonly<
  Record<VocabularyOptions["name"], VocabularyKind<VocabularyOptions>>
> = kinds;

/**
 * The most entries that can be in use where each step takes in `targets` that differ.
 *
 * @returns `undefined` where use is not measured.
 */
export function mostInUse(
  options: VocabularyOptions,
  targets: number,
): number | undefined {
  return registry[options.name].mostInUse?.(options, targets);
}

/** A vocabulary for vectors of `width` dimensions; `label` names its states in messages. */
export function createVocabulary(
  options: VocabularyOptions,
  width: number,
  seed: number,
  label: string,
): Vocabulary {
  return registry[options.name].create(options, width, seed, label);
}
