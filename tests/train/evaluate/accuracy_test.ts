import { assertAlmostEquals, assertEquals } from "@std/assert";
import { accuracyOf } from "../../../train/evaluate/accuracy.ts";

Deno.test("accuracyOf: counts images, and classes one as much as another", () => {
  const labels = Uint32Array.of(0, 0, 0, 0, 7, 7, 255, 0);
  const predictions = Uint32Array.of(0, 0, 0, 7, 7, 255, 0, 0);
  const { accuracy, macroAccuracy, standardError, images } = accuracyOf(
    predictions,
    labels,
  );
  assertEquals([accuracy, images], [5 / 8, 8]);
  assertAlmostEquals(macroAccuracy, (4 / 5 + 1 / 2 + 0) / 3);
  assertAlmostEquals(standardError, Math.sqrt(5 / 8 * 3 / 8 / 8));
});

Deno.test("accuracyOf: a class that is predicted but does not occur has no part in the mean", () => {
  const { accuracy, macroAccuracy, standardError } = accuracyOf(
    Uint32Array.of(3, 3),
    Uint32Array.of(3, 3),
  );
  assertEquals([accuracy, macroAccuracy, standardError], [1, 1, 0]);
  assertEquals(
    accuracyOf(Uint32Array.of(9), Uint32Array.of(3)).macroAccuracy,
    0,
  );
});
