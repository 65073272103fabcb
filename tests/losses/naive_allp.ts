import type { AllpLossOptions } from "../../losses/allp.ts";
import { dot, type NaiveLoss, type Rows, similarity } from "./check.ts";
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
  /** S(u_a, u_k) beside the positive u_b. */
  const scoreOf = (a: number, k: number, b: number): number => {
    if (score === "rescaled") return similarity(u[a], u[k]);
    const exponential = (other: number) =>
      Math.exp(dot(u[a], u[other]) / temperature);
    let sum = exponential(b);
    for (const negative of negativesOf(a)) sum += exponential(negative);
    return Math.min(Math.max(exponential(k) / sum, 1e-6), 1 - 1e-6);
  };
  const total = { loss: 0, positive: 0, pairs: 0, negative: 0, negatives: 0 };
  let hits = 0;
  for (const a of all) {
    for (const b of all) {
      if (instanceOf(a) !== instanceOf(b) || a >= b) continue;
      total.loss -= Math.log(scoreOf(a, b, b));
      if (form === "nce") {
        for (const k of negativesOf(a)) {
          total.loss -= Math.log(1 - scoreOf(a, k, b));
        }
      }
      total.positive += similarity(u[a], u[b]);
      total.pairs++;
    }
    for (const k of negativesOf(a)) {
      total.negative += similarity(u[a], u[k]);
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
