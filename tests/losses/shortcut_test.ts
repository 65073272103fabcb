import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { explainedVariance } from "../../losses/shortcut.ts";
import { testOnDevices } from "../engine/devices.ts";
import { rowsOf, unitRows } from "./check.ts";
import { naiveExplainedVariance } from "./naive_shortcut.ts";

testOnDevices(
  "explainedVariance: is what is not left within groups, nothing where nothing varies",
  async (device) => {
    const [n, width, groups] = [60, 5, 8];
    const program = await Program.compile(device, {
      outputs: [
        explainedVariance(
          input("x", [n, width]),
          input("group", [n], "i32"),
          groups,
        ),
      ],
    });
    const evaluate = async (
      x: Float32Array<ArrayBuffer>,
      groupOf: (row: number) => number,
    ) => {
      const group = Int32Array.from({ length: n }, (_, row) => groupOf(row));
      const [[share]] = await program.evaluate({ x, group });
      return share;
    };
    const x = unitRows([n, width]);
    // some groups have no row, one has a single one
    const groupOf = (row: number) => row === 7 ? 6 : row % 5;
    assertAlmostEquals(
      await evaluate(x, groupOf),
      naiveExplainedVariance(rowsOf(x, width), groupOf),
      1e-5,
    );
    // each group has one vector
    const centres = rowsOf(unitRows([groups, width]), width);
    const rows = Array.from({ length: n }, (_, row) => centres[groupOf(row)]);
    assertAlmostEquals(
      await evaluate(Float32Array.from(rows.flat()), groupOf),
      1,
      1e-5,
    );
    const same = Array.from({ length: n }, () => centres[0]).flat();
    assertEquals(await evaluate(Float32Array.from(same), groupOf), 0);
    program.destroy();
  },
);

Deno.test("explainedVariance: refuses groups that are not one for each row", () => {
  assertThrows(
    () => explainedVariance(input("x", [3, 4]), input("group", [4], "i32"), 2),
    RangeError,
    "group must be [3], not [4]",
  );
});
