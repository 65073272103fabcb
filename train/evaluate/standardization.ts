import type { Features } from "./features.ts";

/** Makes the mean of each feature 0 and its variance 1: `(x - mean) * scale`. */
export interface Standardization {
  /** Mean of each feature. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** 1 / standard deviation of each feature; 0 for one that does not vary and so says nothing. */
  readonly scale: Float32Array<ArrayBuffer>;
}

/** Below this share of the mean a deviation is nothing but rounding of float32. */
const ROUNDING = 1e-6;

/** The standardisation of rows by their own mean and biased variance. */
export function standardizationOf(
  { width, values }: Features,
): Standardization {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < values.length; i++) mean[i % width] += values[i] / rows;
  const variance = new Float64Array(width);
  for (let i = 0; i < values.length; i++) {
    variance[i % width] += (values[i] - mean[i % width]) ** 2 / rows;
  }
  return {
    mean: Float32Array.from(mean),
    scale: Float32Array.from(variance, (value, i) => {
      const deviation = Math.sqrt(value);
      return deviation > ROUNDING * Math.abs(mean[i]) ? 1 / deviation : 0;
    }),
  };
}
