import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertGradientAlong, slopeAtZero } from "./central_differences.ts";

const f = ([x, y]: Float64Array[]) => x[0] ** 2 * y[0] + y[1];
const place = [[3], [2, 5]];
const direction = [[1], [-1, 0.5]];

Deno.test("slopeAtZero: the central difference is the slope, and a kink is found", () => {
  const smooth = slopeAtZero((x) => Math.exp(3 * x), 1e-5);
  assertAlmostEquals(smooth.central, 3, 1e-6);
  assertAlmostEquals(smooth.kink, 0, 1e-3);
  assertAlmostEquals(slopeAtZero(Math.abs, 1e-5).kink, 2, 1e-6);
});

Deno.test("assertGradientAlong: passes right gradients, refuses wrong ones, and compares none at a kink", () => {
  const check = { f, place, gradients: [[12], [9, 1]], what: "f" };
  assertEquals(assertGradientAlong(direction, check), true);
  assertThrows(
    () =>
      assertGradientAlong(direction, { ...check, gradients: [[12], [9, 2]] }),
    Error,
    "f: the gradient gives a slope of 4",
  );
  const kink = { ...check, f: ([x]: Float64Array[]) => Math.abs(x[0] - 3) };
  assertEquals(assertGradientAlong(direction, kink), false);
});
