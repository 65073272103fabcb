import { assert } from "@std/assert";

/** A number computed from several arrays in float64. */
export type ScalarFunction = (place: Float64Array[]) => number;

/** The slope of a function along a direction, by differences on either side of a place. */
export interface Slopes {
  /** From the place to one step ahead. */
  readonly ahead: number;
  /** From one step behind to the place. */
  readonly behind: number;
  /** Their mean, the central difference. */
  readonly central: number;
}

/** The slopes of `f` at `place` along `direction`, by steps of `step` times the direction. */
export function slopesAlong(
  f: ScalarFunction,
  place: readonly ArrayLike<number>[],
  direction: readonly ArrayLike<number>[],
  step = 1e-5,
): Slopes {
  const at = (distance: number) =>
    f(
      place.map((values, i) =>
        Float64Array.from(
          values,
          (value, j) => value + distance * direction[i][j],
        )
      ),
    );
  const here = at(0);
  const ahead = (at(step) - here) / step;
  const behind = (here - at(-step)) / step;
  return { ahead, behind, central: (ahead + behind) / 2 };
}

/** Gradients and the function whose gradients they should be. */
export interface GradientCheck {
  /** The function. */
  readonly f: ScalarFunction;
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
  { f, place, gradients, what, step, tolerance = 1e-3, minScale = 1 }:
    GradientCheck,
): boolean {
  const terms = gradients.flatMap((values, i) =>
    Array.from(values, (value, j) => value * direction[i][j])
  );
  const scale = Math.max(minScale, Math.hypot(...terms));
  const { ahead, behind, central } = slopesAlong(f, place, direction, step);
  // a kink between them puts their mean off by up to half their difference
  if (Math.abs(ahead - behind) > tolerance * scale) return false;
  const slope = terms.reduce((total, term) => total + term, 0);
  assert(
    Math.abs(slope - central) <= tolerance * scale,
    `${what}: the gradient gives a slope of ${slope}, not ${central} (scale ${scale})`,
  );
  return true;
}
