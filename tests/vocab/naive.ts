import type { Match } from "../../vocab/match.ts";
import { dot, type Rows, unitRows } from "../losses/check.ts";

/** The dynamic vocabulary (section 3.5) in float64, each equation written as plainly as it is printed. */
export interface NaiveVocabulary {
  /** v */
  readonly vectors: Rows;
  /** m */
  readonly masses: readonly number[];
}

/** Eq. 17 of one entry and one target: `cos(m v + u, u)`; or `cos(v, u)`. */
export function matchScore(
  v: ArrayLike<number>,
  m: number,
  u: ArrayLike<number>,
  match: Match,
): number {
  const sum = match === "cosine"
    ? v
    : Array.from(u, (value, i) => m * v[i] + value);
  return dot(sum, u) / Math.sqrt(dot(sum, sum) * dot(u, u));
}

/** The entry that matches a target: the first of the best. */
export function naiveMatch(
  { vectors, masses }: NaiveVocabulary,
  u: ArrayLike<number>,
  match: Match,
): number {
  let best = { score: -Infinity, entry: -1 };
  for (let entry = 0; entry < vectors.length; entry++) {
    const score = matchScore(vectors[entry], masses[entry], u, match);
    if (score > best.score) best = { score, entry };
  }
  return best.entry;
}

/** Score by which the best entry must be better than the next one, so that float32 finds the same. */
const MIN_MARGIN = 1e-5;

/** Random targets, each of which has one best entry. */
export function distinctTargets(
  { vectors, masses }: NaiveVocabulary,
  n: number,
  width: number,
  match: Match,
): Float32Array<ArrayBuffer> {
  const targets = new Float32Array(n * width);
  for (let j = 0; j < n;) {
    const u = unitRows([1, width]);
    const [best, next = -Infinity] = vectors
      .map((v, i) => matchScore(v, masses[i], u, match))
      .sort((a, b) => b - a);
    if (best - next > MIN_MARGIN) targets.set(u, width * j++);
  }
  return targets;
}

/** Eqs. 18 and 19. */
export function naiveUpdate(
  vocabulary: NaiveVocabulary,
  targets: Rows,
  decay: number,
  match: Match,
): NaiveVocabulary {
  const { vectors, masses } = vocabulary;
  const matched = targets.map((u) => naiveMatch(vocabulary, u, match));
  return {
    vectors: vectors.map((v, entry) => {
      const sum = Array.from(v, (value) => value * masses[entry]);
      targets.forEach((u, j) => {
        if (matched[j] !== entry) return;
        for (let i = 0; i < sum.length; i++) sum[i] += u[i];
      });
      const length = Math.sqrt(dot(sum, sum));
      return sum.map((value) => value / length);
    }),
    masses: masses.map((m, entry) =>
      (m + matched.filter((match) => match === entry).length) * decay
    ),
  };
}
