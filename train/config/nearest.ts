import { closest, distance } from "fastest-levenshtein";

/**
 * Finds the name that a misspelt one was most likely meant to be.
 *
 * @param name What was typed.
 * @param candidates The names that are valid.
 * @returns The nearest candidate by edit distance, capitals aside, or `undefined` where none is
 * within one edit for every three letters.
 */
export function nearest(
  name: string,
  candidates: readonly string[],
): string | undefined {
  if (candidates.length === 0) return undefined;
  const typed = name.toLowerCase();
  const lowered = candidates.map((candidate) => candidate.toLowerCase());
  const best = closest(typed, lowered);
  const tolerated = Math.ceil(Math.max(typed.length, best.length) / 3);
  return distance(typed, best) <= tolerated
    ? candidates[lowered.indexOf(best)]
    : undefined;
}
