import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { similarity, SIMILARITY_MARGIN } from "../../losses/similarity.ts";
import { assertClose, poison } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import { dot, rowsOf, unitRows } from "./check.ts";

testOnDevices(
  "similarity: is (1 + cos) / 2 of all pairs, kept from 0 and 1",
  async (device) => {
    const [n, m, width] = [3, 7, 5];
    const x = unitRows([n, width]);
    const y = unitRows([m, width]);
    y.set(x.subarray(0, width));
    y.set(x.subarray(0, width).map((value) => -value), width);
    await poison(device);
    const program = await Program.compile(device, {
      outputs: [similarity(input("x", [n, width]), input("y", [m, width]))],
    });
    const [values] = await program.evaluate({ x, y });
    program.destroy();
    const expected = rowsOf(x, width).flatMap((u) =>
      rowsOf(y, width).map((v) => (1 + dot(u, v)) / 2)
    );
    assertEquals(values.length, n * m);
    assertClose(values, expected, "similarities", 2e-6);
    assertAlmostEquals(values[0], 1 - SIMILARITY_MARGIN, 1e-7);
    assertAlmostEquals(values[1], SIMILARITY_MARGIN, 1e-12);
  },
);

Deno.test("similarity: refuses what are not rows of one width", () => {
  const x = input("x", [3, 5]);
  assertThrows(
    () => similarity(x, input("y", [3, 4])),
    RangeError,
    "similarity: y must be [m,5], not [3,4]",
  );
  assertThrows(
    () => similarity(input("x", [2, 3, 5]), x),
    RangeError,
    "similarity: x must be [n,width], not [2,3,5]",
  );
});
