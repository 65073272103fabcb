import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { input } from "../../engine/graph/tensor.ts";
import { add } from "../../engine/ops/elementwise.ts";
import { Program } from "../../engine/program.ts";
import { collapseIndicators } from "../../losses/collapse.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { rowsOf, unitRows } from "./check.ts";
import { naiveCollapse } from "./naive_collapse.ts";

/** Deviation, effective rank, and the gradient of their sum. */
async function evaluate(
  device: Device,
  rows: Float32Array<ArrayBuffer>,
  width: number,
) {
  const x = input("x", [rows.length / width, width]);
  const { deviation, effectiveRank } = collapseIndicators(x);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      deviation,
      effectiveRank,
      ...gradient(add(deviation, effectiveRank), [x]),
    ],
  });
  const [[first], [second], slope] = await program.evaluate({ x: rows });
  program.destroy();
  return { deviation: first, effectiveRank: second, slope };
}

testOnDevices(
  "collapseIndicators: follow from the eigenvalues of the covariance, without gradient",
  async (device) => {
    for (const [n, width] of [[2, 3], [9, 5], [40, 17], [5, 33]]) {
      const rows = unitRows([n, width]);
      const actual = await evaluate(device, rows, width);
      const expected = naiveCollapse(rowsOf(rows, width));
      assertClose(
        [actual.deviation, actual.effectiveRank],
        [expected.deviation, expected.effectiveRank],
        `deviation and rank of [${n}, ${width}]`,
        1e-5,
      );
      assertEquals(actual.slope, new Float32Array(rows.length));
    }
  },
);

testOnDevices(
  "collapseIndicators: the rank counts the axes that vectors lie along, and all directions deviate by 1",
  async (device) => {
    const [axes, width] = [3, 8];
    const rows = new Float32Array(2 * axes * width);
    for (let i = 0; i < axes; i++) {
      rows[2 * i * width + i] = 1;
      rows[(2 * i + 1) * width + i] = -1;
    }
    const { effectiveRank } = await evaluate(device, rows, width);
    assertAlmostEquals(effectiveRank, axes, 1e-5);
    const everywhere = await evaluate(device, unitRows([2000, 8]), 8);
    assertAlmostEquals(everywhere.deviation, 1, 0.02);
    assertAlmostEquals(everywhere.effectiveRank, 8, 0.1);
  },
);

testOnDevices(
  "collapseIndicators: equal rows have deviation and rank 0, nearly equal ones have the rank of their differences",
  async (device) => {
    for (const [n, width] of [[1, 7], [8, 7], [1000, 128]]) {
      const row = unitRows([1, width]);
      const rows = Float32Array.from(
        { length: n * width },
        (_, i) => row[i % width],
      );
      const { deviation, effectiveRank } = await evaluate(device, rows, width);
      assertAlmostEquals(deviation, 0, 1e-5);
      assertEquals(effectiveRank, 0);
    }
    // two rows differ along one axis
    const nearly = Float32Array.of(1, 0, 0, 1, 1e-4, 0);
    const { effectiveRank } = await evaluate(device, nearly, 3);
    assertAlmostEquals(effectiveRank, 1, 1e-3);
  },
);

Deno.test("collapseIndicators: refuses what are not rows", () => {
  assertThrows(
    () => collapseIndicators(input("x", [2, 3, 4])),
    RangeError,
    "must be [n,width], not [2,3,4]",
  );
});
