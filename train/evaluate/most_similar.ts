/** One of those most similar to another. */
export interface Neighbour {
  /** Which one. */
  readonly index: number;
  /** How similar, such as the cosine of the features. */
  readonly similarity: number;
}

/**
 * Finds the highest similarities.
 *
 * @param similarities To each candidate.
 * @param count How many to find.
 * @param own A candidate to leave out, such as the one compared.
 * @returns The most similar first, in ties the one of lower index first; fewer than `count` where
 * there are not that many.
 */
export function mostSimilar(
  similarities: ArrayLike<number>,
  count: number,
  own?: number,
): Neighbour[] {
  const found: Neighbour[] = [];
  if (count < 1) return found;
  for (let index = 0; index < similarities.length; index++) {
    const similarity = similarities[index];
    const last = found.at(-1);
    if (index === own) continue;
    if (last && found.length === count) {
      if (similarity <= last.similarity) continue;
      found.pop();
    }
    const place = found.findIndex((other) => other.similarity < similarity);
    const neighbour = { index, similarity };
    found.splice(place < 0 ? found.length : place, 0, neighbour);
  }
  return found;
}
