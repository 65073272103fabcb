import { z } from "zod";
import * as kinds from "./kinds.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Options of any kind of vocabulary; `name` says which. */
export type VocabularyOptions = Parameters<
  typeof kinds[keyof typeof kinds]["create"]
>[0];

type Member = z.ZodType<VocabularyOptions> & z.core.$ZodTypeDiscriminable;

/**
 * Accepts {@linkcode VocabularyOptions}.
 *
 * @internal
 */
export const vocabularySchema: z.ZodType<VocabularyOptions> = z
  .discriminatedUnion(
    "name",
    Object.values(kinds).map(({ schema }) => schema) as [Member, ...Member[]],
  );

type Create = (
  options: VocabularyOptions,
  width: number,
  seed: number,
  label: string,
) => Vocabulary;

/** A vocabulary for vectors of `width` dimensions; `label` names it in messages. */
export function createVocabulary(
  options: VocabularyOptions,
  width: number,
  seed: number,
  label: string,
): Vocabulary {
  return (kinds[options.name].create as Create)(options, width, seed, label);
}
