import { assertEquals, assertThrows } from "@std/assert";
import { WasmDevice } from "../../../../engine/devices/wasm/device.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { incrementChain } from "../increment.ts";
import { filled } from "../kernels/harness.ts";

Deno.test("WasmDevice: refuses a number of threads that is none", () => {
  for (const threads of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => new WasmDevice(threads),
      RangeError,
      `must be a whole number of at least 1, not ${threads}`,
    );
  }
});

Deno.test("WasmDevice: any number of threads gives the same", async () => {
  for (const threads of [1, 3, 7]) {
    const device = new WasmDevice(threads);
    const { schedule, results } = incrementChain(20011, 3);
    const program = await device.compile(planMemory(schedule, device.limits));
    await program.run({ x: filled(20011, (i) => i) });
    assertEquals(
      await program.read(results[2]),
      filled(20011, (i) => i + 3),
      `${threads} threads`,
    );
    device.destroy();
  }
});
