import type { ContrastOptions } from "../../losses/contrast.ts";
import { dot, type NaiveLoss, type Rows, similarity } from "./check.ts";

/** Defaults of the settings, which tests change one by one. */
export const printed: ContrastOptions = {
  form: "nce",
  normalizer: "balanced",
  temperature: 0.2,
  positives: "outside",
  negatives: "batch",
};

/** Each form, and each normaliser and place of the positives that it knows. */
export const contrasts: readonly ContrastOptions[] = [
  printed,
  { ...printed, normalizer: "pairs" },
  { ...printed, form: "infoNce" },
  { ...printed, form: "infoNce", temperature: 0.5, positives: "inside" },
];

/** Says in messages which settings they are. */
export function describe(
  { form, normalizer, temperature, positives }: ContrastOptions,
): string {
  return form === "nce"
    ? `${form}, ${normalizer}`
    : `${form}, ${temperature}, positives ${positives}`;
}

const sum = (values: readonly number[]) =>
  values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) =>
  sum(values) / Math.max(values.length, 1);

/** Predictions contrasted with targets, pair by pair. */
export function naiveContrast(
  predictions: Rows,
  targets: Rows,
  isPositive: (prediction: number, target: number) => boolean,
  options: ContrastOptions,
  /** Adds to the sum over the negatives of a prediction in InfoNCE. */
  further: (prediction: number) => number = () => 0,
): NaiveLoss {
  const rows = predictions.map((prediction, i) => {
    const [positive, negative] = [true, false].map((kind) =>
      targets.filter((_, j) => isPositive(i, j) === kind)
        .map((target) => ({
          s: similarity(prediction, target),
          cosine: dot(prediction, target),
        }))
    );
    return { positive, negative };
  });
  const positives = rows.flatMap(({ positive }) => positive);
  const negatives = rows.flatMap(({ negative }) => negative);
  const best = (pairs: typeof positives) =>
    Math.max(...pairs.map(({ cosine }) => cosine));
  const loss = {
    nce: () => {
      const attracted = positives.map(({ s }) => -Math.log(s));
      const repelled = negatives.map(({ s }) => -Math.log(1 - s));
      return options.normalizer === "pairs"
        ? mean([...attracted, ...repelled])
        : mean(attracted) + mean(repelled);
    },
    infoNce: () =>
      mean(rows.map(({ positive, negative }, i) => {
        const e = ({ cosine }: { cosine: number }) =>
          Math.exp(cosine / options.temperature);
        const others = sum(negative.map(e)) + further(i);
        const all = sum(positive.map(e));
        return options.positives === "inside"
          ? -Math.log(all / (all + others))
          : mean(
            positive.map((pair) => -Math.log(e(pair) / (e(pair) + others))),
          );
      })),
  };
  return {
    loss: loss[options.form](),
    metrics: {
      retrieval: mean(
        rows.map(({ positive, negative }) =>
          best(positive) > best(negative) ? 1 : 0
        ),
      ),
      positiveSimilarity: mean(positives.map(({ s }) => s)),
      negativeSimilarity: mean(negatives.map(({ s }) => s)),
    },
  };
}
