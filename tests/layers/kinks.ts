import { AssertionError } from "@std/assert";

let nearest = Infinity;

/**
 * Tells that a float64 definition has decided something, and how near it came to deciding
 * otherwise: the input of a ReLU, the lead of the largest of several values.
 */
export function recordKink(distance: number): void {
  nearest = Math.min(nearest, Math.abs(distance));
}

/** How near a pass of a float64 definition comes to a kink. */
export function distanceToKink(pass: () => void): number {
  nearest = Infinity;
  pass();
  return nearest;
}

/** Draws of a {@linkcode drawSmoothPlace}; the larger the network, the more it needs. */
const MAX_DRAWS = 100;

/**
 * Draws inputs until the definition is smooth within `margin` of them. Rounding decides the rest: where
 * the input of a ReLU is within it, float32 may pass a gradient that float64 stops. What a device
 * computes has no say in this.
 */
export function drawSmoothPlace<Place>(
  draw: () => Place,
  definition: (place: Place) => void,
  margin: number,
): Place {
  for (let i = 0; i < MAX_DRAWS; i++) {
    const place = draw();
    if (distanceToKink(() => definition(place)) > margin) return place;
  }
  throw new AssertionError(`no smooth place among ${MAX_DRAWS} random ones`);
}
