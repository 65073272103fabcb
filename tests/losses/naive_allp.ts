import type { AllpLossOptions } from "../../losses/allp.ts";
import { bounded, dot, type NaiveLoss, type Rows } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";

/** Eqs. 12 and 13 for each pair of views of each instance, averaged over these pairs. */
export function naiveAllpLoss(
  u: Rows,
  views: number,
  { form, score, temperature }: Omit<AllpLossOptions, "weight">,
): NaiveLoss {
  const instanceOf = (view: number) => Math.floor(view / views);
  const all = [...u.keys()];
  const negativesOf = (a: number) =>
    all.filter((k) => instanceOf(k) !== instanceOf(a));
  const rescaled = (a: number, k: number) => (1 + dot(u[a], u[k])) / 2;
  /** S(u_a, u_k) beside the positive u_b. */
  const scoreOf = (a: number, k: number, b: number): number => {
    if (score === "rescaled") return rescaled(a, k);
    const exponential = (other: number) =>
      Math.exp(dot(u[a], u[other]) / temperature);
    let sum = exponential(b);
    for (const negative of negativesOf(a)) sum += exponential(negative);
    return exponential(k) / sum;
  };
  const total = { loss: 0, positive: 0, pairs: 0, negative: 0, negatives: 0 };
  let hits = 0;
  for (const a of all) {
    for (const b of all) {
      if (instanceOf(a) !== instanceOf(b) || a >= b) continue;
      const positive = scoreOf(a, b, b);
      total.loss -= Math.log(
        score === "rescaled" ? bounded(positive) : positive,
      );
      if (form === "nce") {
        for (const k of negativesOf(a)) {
          total.loss -= Math.log(1 - bounded(scoreOf(a, k, b)));
        }
      }
      total.positive += rescaled(a, b);
      total.pairs++;
    }
    for (const k of negativesOf(a)) {
      total.negative += rescaled(a, k);
      total.negatives++;
    }
    const others = all.filter((k) => k !== a);
    const nearest = others.reduce((best, k) =>
      dot(u[a], u[k]) > dot(u[a], u[best]) ? k : best
    );
    if (instanceOf(nearest) === instanceOf(a)) hits++;
  }
  return {
    loss: total.loss / total.pairs,
    metrics: {
      positiveSimilarity: total.positive / total.pairs,
      negativeSimilarity: total.negative / Math.max(total.negatives, 1),
      retrieval: hits / u.length,
      ...naiveCollapse(u),
    },
  };
}
