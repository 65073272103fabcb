import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { add } from "../../engine/ops/elementwise.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { collapseIndicators } from "../../losses/collapse.ts";
import { assertClose } from "../engine/compare.ts";
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

for (const [n, width] of [[2, 3], [9, 5], [40, 17], [5, 33]]) {
  testOnDevices(
    `the indicators of ${n} vectors of ${width} dimensions are those of their eigenvalues, without gradient`,
    async (device) => {
      const rows = unitRows([n, width], 1);
      const { deviation, effectiveRank, slope } = await evaluate(
        device,
        rows,
        width,
      );
      const expected = naiveCollapse(rowsOf(rows, width));
      assertClose([deviation], [expected.deviation], "deviation", 1e-5);
      assertClose(
        [effectiveRank],
        [expected.effectiveRank],
        "effective rank",
        1e-5,
      );
      assertEquals(slope, new Float32Array(rows.length));
    },
  );
}

testOnDevices(
  "vectors along some axes have the rank of these and deviate by 1",
  async (device) => {
    const [axes, width] = [3, 8];
    const rows = new Float32Array(2 * axes * width);
    for (let i = 0; i < axes; i++) {
      rows[2 * i * width + i] = 1;
      rows[(2 * i + 1) * width + i] = -1;
    }
    const { effectiveRank } = await evaluate(device, rows, width);
    assertAlmostEquals(effectiveRank, axes, 1e-5);
    const everywhere = await evaluate(device, unitRows([2000, 8], 1), 8);
    assertAlmostEquals(everywhere.deviation, 1, 0.02);
    assertAlmostEquals(everywhere.effectiveRank, 8, 0.1);
  },
);

testOnDevices("equal vectors do not deviate at all", async (device) => {
  for (const n of [1, 8]) {
    const row = unitRows([1, 7], 1);
    const rows = Float32Array.from({ length: n * 7 }, (_, i) => row[i % 7]);
    const { deviation, effectiveRank } = await evaluate(device, rows, 7);
    assertAlmostEquals(deviation, 0, 1e-6);
    // what is left is rounding, if anything
    assert(effectiveRank < 1.01, `effective rank ${effectiveRank}`);
  }
});
