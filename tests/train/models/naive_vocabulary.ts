import type { VocabularyOptions } from "../../../vocab/registry.ts";
import { child, type Weights } from "../../layers/naive.ts";
import { recordKink } from "../../layers/kinks.ts";
import { unitRows } from "../../layers/naive_attention.ts";

/** Consecutive rows of a width. */
export function rowsOf(x: ArrayLike<number>, width: number): number[][] {
  return Array.from(
    { length: x.length / width },
    (_, i) => Array.from({ length: width }, (_, j) => x[i * width + j]),
  );
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, value, i) => total + value * b[i], 0);

/** Eqs. 17 and 18: the entries after targets were taken in. */
function dynamicEntries(
  vectors: number[][],
  masses: ArrayLike<number>,
  targets: number[][],
): number[][] {
  const sums = vectors.map((v, i) => v.map((value) => value * masses[i]));
  const isMatched = vectors.map(() => false);
  for (const u of targets) {
    const scores = vectors.map((v, i) => {
      const moved = v.map((value, j) => masses[i] * value + u[j]);
      return dot(moved, u) / Math.hypot(...moved);
    });
    const [best, second] = scores.toSorted((a, b) => b - a);
    recordKink(best - second);
    const match = scores.indexOf(best);
    u.forEach((value, j) => sums[match][j] += value);
    isMatched[match] = true;
  }
  return vectors.map((v, i) =>
    isMatched[i] ? [...unitRows(Float64Array.from(sums[i]), v.length)] : v
  );
}

/** The entries of a vocabulary in its first step, after it took in the targets. */
export function vocabularyEntries(
  { name }: VocabularyOptions,
  statistics: Weights,
  label: string,
  targets: Float64Array,
  width: number,
): Float64Array {
  const of = child(statistics, label);
  const [vectors, u] = [of("vectors"), targets].map((x) => rowsOf(x, width));
  const entries = name === "dynamic"
    ? dynamicEntries(vectors, of("masses"), u)
    : [...u, ...vectors.slice(u.length)];
  return Float64Array.from(entries.flat());
}
