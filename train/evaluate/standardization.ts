import type { Features } from "./features.ts";
import { ROUNDING } from "./rounding.ts";

/** Smallest normal number of f32: the inverse of a denormal one overflows. */
const SMALLEST = 2 ** -126;

/** Makes the mean of each feature 0 and its variance 1: `(x - mean) * scale`. */
export interface Standardization {
  /** Mean of each feature. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** 1 / standard deviation of each feature; 0 for one that does not vary and so says nothing. */
  readonly scale: Float32Array<ArrayBuffer>;
}

/** The features with a standardisation applied. */
export function standardize(
  { width, values }: Features,
  { mean, scale }: Standardization,
): Features {
  const standardized = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    for (let i = 0; i < width; i++) {
      standardized[start + i] = (values[start + i] - mean[i]) * scale[i];
    }
  }
  return { width, values: standardized };
}

/** The standardisation of rows by their own mean and biased variance. */
export function standardizationOf(
  { width, values }: Features,
): Standardization {
  const rows = values.length / width;
  const mean = new Float64Array(width);
  const variance = new Float64Array(width);
  for (let start = 0; start < values.length; start += width) {
    for (let i = 0; i < width; i++) mean[i] += values[start + i] / rows;
  }
  for (let start = 0; start < values.length; start += width) {
    for (let i = 0; i < width; i++) {
      variance[i] += (values[start + i] - mean[i]) ** 2 / rows;
    }
  }
  return {
    mean: Float32Array.from(mean),
    scale: Float32Array.from(variance, (value, i) => {
      const deviation = Math.sqrt(value);
      // a smaller share of the mean is nothing but rounding
      const least = Math.max(ROUNDING * Math.abs(mean[i]), SMALLEST);
      return deviation > least ? 1 / deviation : 0;
    }),
  };
}
