import { assertEquals, assertThrows } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { countInstances, sameInstance } from "../../losses/pairs.ts";
import { testOnDevices } from "../engine/devices.ts";

testOnDevices(
  "sameInstance: is 1 exactly where the first indices of row and column agree",
  async (device) => {
    const isSame = sameInstance([3, 2], [3, 1, 5]);
    assertEquals(isSame.shape, [3, 2, 3, 1, 5]);
    const program = await Program.compile(device, { outputs: [isSame] });
    const [values] = await program.evaluate();
    program.destroy();
    assertEquals(
      [...values],
      Array.from(
        { length: 90 },
        (_, i) => Math.floor(i / 30) === Math.floor(i / 5) % 3 ? 1 : 0,
      ),
    );
  },
);

Deno.test("countInstances: refuses rows that are not the same number of views of each instance", () => {
  assertEquals(countInstances(12, 4), 3);
  assertThrows(
    () => countInstances(10, 4),
    RangeError,
    "10 rows are not 4 views",
  );
  assertThrows(() => countInstances(4, 0), RangeError, "the number of views");
});
