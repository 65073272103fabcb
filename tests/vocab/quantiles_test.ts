import { assert, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { quantiles } from "../../vocab/quantiles.ts";
import { testOnDevices } from "../engine/devices.ts";
import { randomNumber } from "../random.ts";

testOnDevices("quantiles: are elements of the sorted array", async (device) => {
  const shares = [0.1, 0.5, 0.9, 1];
  for (const n of [1, 7, 1000]) {
    const values = Float32Array.from(
      { length: n },
      () => Math.exp(randomNumber(0, 4)),
    );
    const program = await Program.compile(device, {
      outputs: quantiles(input("x", [n]), shares),
    });
    const results = await program.evaluate({ x: values });
    program.destroy();
    const sorted = values.toSorted();
    const margin = sorted[n - 1] * 2 ** -17;
    shares.forEach((share, i) => {
      const expected = sorted[Math.ceil(share * n - 1e-6) - 1];
      const actual = results[i][0];
      assert(
        Math.abs(actual - expected) <= margin,
        `${share} of ${n}: ${actual}, not ${expected}`,
      );
    });
  }
});

Deno.test("quantiles: refuses shares that are none, and more than one axis", () => {
  for (const share of [-0.1, 1.1, NaN]) {
    assertThrows(
      () => quantiles(input("x", [3]), [0.5, share]),
      RangeError,
      `not ${share}`,
    );
  }
  assertThrows(
    () => quantiles(input("x", [3, 2]), [0.5]),
    RangeError,
    "x must be [n]",
  );
});
