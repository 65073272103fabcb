import { dot, type NaiveLoss, type Rows } from "./check.ts";

/** Eq. 9 query by query, with scaled dot products; `masked` queries and candidates an image. */
export function naiveSelfieLoss(
  queries: Rows,
  candidates: Rows,
  masked: number,
): NaiveLoss {
  let [loss, hits] = [0, 0];
  queries.forEach((v, i) => {
    const first = i - i % masked;
    const scores = candidates.slice(first, first + masked).map((q) =>
      dot(v, q) / Math.sqrt(v.length)
    );
    const own = scores[i - first];
    let sum = 0;
    for (const score of scores) sum += Math.exp(score);
    loss -= Math.log(Math.exp(own) / sum) / queries.length;
    const others = scores.toSpliced(i - first, 1);
    if (others.every((score) => score < own)) hits += 1 / queries.length;
  });
  return { loss, metrics: { retrieval: hits } };
}
