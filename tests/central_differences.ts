/** Slopes of a function at 0: by central differences, and on either side of 0. */
export interface Slope {
  readonly central: number;
  /**
   * How far the slopes ahead and behind differ. At a kink, such as that of a ReLU, the central
   * difference is off by up to half of it.
   */
  readonly kink: number;
}

/** The slope at 0 of a function in float64, from its values at `-step`, 0 and `step`. */
export function slopeAtZero(
  f: (distance: number) => number,
  step: number,
): Slope {
  const [behind, here, ahead] = [f(-step), f(0), f(step)];
  return {
    central: (ahead - behind) / (2 * step),
    kink: Math.abs(ahead - 2 * here + behind) / step,
  };
}

/** `values` moved some distance along a direction. */
export function moved(
  values: Float64Array,
  direction: ArrayLike<number>,
  distance: number,
): Float64Array {
  return values.map((value, i) => value + distance * direction[i]);
}
