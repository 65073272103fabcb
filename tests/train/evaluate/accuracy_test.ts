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
  assertAlmostEquals(standardError, Math.sqrt(6 / 10 * 4 / 10 / 10));
});

Deno.test("accuracyOf: a class that is predicted but does not occur has no part in the mean", () => {
  const { accuracy, macroAccuracy } = accuracyOf(
    Uint32Array.of(3, 3),
    Uint32Array.of(3, 3),
  );
  assertEquals([accuracy, macroAccuracy], [1, 1]);
  assertEquals(
    accuracyOf(Uint32Array.of(9), Uint32Array.of(3)).macroAccuracy,
    0,
  );
});

Deno.test("accuracyOf: is not sure of all or nothing", () => {
  for (const label of [0, 1]) {
    const labels = new Uint32Array(20).fill(label);
    const { standardError } = accuracyOf(new Uint32Array(20), labels);
    assertAlmostEquals(standardError, Math.sqrt(1 / 22 * 21 / 22 / 22));
  }
});
