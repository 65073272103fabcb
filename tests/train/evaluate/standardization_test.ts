import { assertEquals } from "@std/assert";
import { standardizationOf } from "../../../train/evaluate/standardization.ts";
import { assertClose } from "../../engine/compare.ts";

Deno.test("standardizationOf: makes means 0 and variances 1, and silences what does not vary", () => {
  const values = Float32Array.of(1, 0.1, 1e6, 3, 0.1, 1e6 + 6);
  const { mean, scale } = standardizationOf({ width: 3, values });
  assertClose(mean, [2, Math.fround(0.1), 1e6 + 3], "mean", 1e-7);
  assertClose(scale, [1, 0, 1 / 3], "scale", 1e-6);
});

Deno.test("standardizationOf: one row says nothing", () => {
  const values = Float32Array.of(-2, 0);
  const { mean, scale } = standardizationOf({ width: 2, values });
  assertEquals([...mean, ...scale], [-2, 0, 0, 0]);
});

Deno.test("standardizationOf: what varies by rounding alone says nothing", () => {
  const values = Float32Array.of(1, -3, 1 + 2 ** -23, -3 - 2 ** -22, 1, -3);
  const { scale } = standardizationOf({ width: 2, values });
  assertEquals([...scale], [0, 0]);
});

Deno.test("standardizationOf: what varies too little for the inverse to be a number says nothing", () => {
  const values = Float32Array.of(0, 0, 2e-42, 2e-37);
  const { scale } = standardizationOf({ width: 2, values });
  assertEquals(scale[0], 0);
  assertClose(scale.subarray(1), [1e37], "scale", 1e-6);
});
