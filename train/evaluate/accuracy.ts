/** How often a classifier was right. */
export interface Accuracy {
  /** Share of the images whose class was predicted, 0 to 1. */
  readonly accuracy: number;
  /**
   * Standard error of `accuracy` by the number of images: `sqrt(p (1 - p) / n)`, with two images more,
   * one of them right (Agresti and Coull 1998), because it would be 0 where all or none are right.
   */
  readonly standardError: number;
  /** Mean over the classes that occur of the share of their images. */
  readonly macroAccuracy: number;
  /** Number of images that were classified. */
  readonly images: number;
}

/** Compares predicted classes with the right ones, at least one. */
export function accuracyOf(
  predictions: Uint32Array,
  labels: Uint32Array,
): Accuracy {
  const right = new Map<number, number>();
  const total = new Map<number, number>();
  labels.forEach((label, i) => {
    const isRight = predictions[i] === label ? 1 : 0;
    right.set(label, (right.get(label) ?? 0) + isRight);
    total.set(label, (total.get(label) ?? 0) + 1);
  });
  const images = labels.length;
  const rightImages = sum(right.values());
  const accuracy = rightImages / images;
  const adjusted = (rightImages + 1) / (images + 2);
  const shares = [...total].map(([label, count]) => right.get(label)! / count);
  return {
    accuracy,
    standardError: Math.sqrt(adjusted * (1 - adjusted) / (images + 2)),
    macroAccuracy: sum(shares) / shares.length,
    images,
  };
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
