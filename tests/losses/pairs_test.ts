import { assertEquals } from "@std/assert";
import { Program } from "../../engine/program.ts";
import { sameInstance } from "../../losses/pairs.ts";
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
