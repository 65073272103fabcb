/** Relative rounding error of what was summed up in float32. */
export const ROUNDING = 1e-6;
