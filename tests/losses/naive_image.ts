import type { ContrastOptions } from "../../losses/contrast.ts";
import type { NaiveLoss, Rows } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";
import { naiveContrast } from "./naive_contrast.ts";

/** Eq. 16 pair by pair; the positives are the images of the same instance. */
export function naiveImageLoss(
  predictions: Rows,
  targets: Rows,
  views: number,
  options: ContrastOptions,
): NaiveLoss {
  const { loss, metrics } = naiveContrast(
    predictions,
    targets,
    (i, j) => Math.floor(i / views) === Math.floor(j / views),
    options,
  );
  return { loss, metrics: { ...metrics, ...naiveCollapse(targets) } };
}
