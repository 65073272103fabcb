import { assert } from "@std/assert";

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

/** Gradients and the function whose gradients they should be. */
export interface GradientCheck {
  /** The function. */
  readonly f: (place: Float64Array[]) => number;
  /** Where its gradients were taken. */
  readonly place: readonly ArrayLike<number>[];
  /** Its gradient with respect to each array of the place. */
  readonly gradients: readonly ArrayLike<number>[];
  /** What is checked, for messages. */
  readonly what: string;
  /** Length of a step as a multiple of the direction; 1e-5 by default. */
  readonly step?: number;
  /** Largest error, relative to the length of the terms of the slope; 1e-3 by default. */
  readonly tolerance?: number;
  /** The length of the terms counts as this at least; 1 by default. */
  readonly minScale?: number;
}

/**
 * Asserts that the slope that the gradients give along a direction is the central difference.
 *
 * @returns false, having compared nothing, where the slopes ahead and behind differ: at a kink, such
 * as that of a maximum, where a gradient is one of several.
 */
export function assertGradientAlong(
  direction: readonly ArrayLike<number>[],
  { f, place, gradients, what, step = 1e-5, tolerance = 1e-3, minScale = 1 }:
    GradientCheck,
): boolean {
  const terms = gradients.flatMap((values, i) =>
    Array.from(values, (value, j) => value * direction[i][j])
  );
  const squares = terms.reduce((total, term) => total + term * term, 0);
  const scale = Math.max(minScale, Math.sqrt(squares));
  const { central, kink } = slopeAtZero(
    (distance) =>
      f(
        place.map((values, i) =>
          moved(Float64Array.from(values), direction[i], distance)
        ),
      ),
    step,
  );
  if (kink > tolerance * scale) return false;
  const slope = terms.reduce((total, term) => total + term, 0);
  assert(
    Math.abs(slope - central) <= tolerance * scale,
    `${what}: the gradient gives a slope of ${slope}, not ${central} (scale ${scale})`,
  );
  return true;
}
