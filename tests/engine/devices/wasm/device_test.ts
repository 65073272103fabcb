import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { WasmDevice } from "../../../../engine/devices/wasm/device.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { Storage } from "../../../../engine/graph/tensor.ts";
import { UserError } from "../../../../engine/user_error.ts";
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

Deno.test("WasmDevice.compile: where working memory is too small, earlier programs keep theirs", async () => {
  const device = new WasmDevice(1);
  const compile = async (arenaBytes?: number) => {
    const { schedule, results } = incrementChain(5000, 3);
    const plan = planMemory(schedule, device.limits);
    const program = await device.compile({
      ...plan,
      arenaBytes: arenaBytes ?? plan.arenaBytes,
    });
    return { program, output: results[2] };
  };
  const { program, output } = await compile();
  await assertRejects(() => compile(2 ** 33), UserError, "working memory");
  // would lie where the working memory was
  const weights = new Storage("weights", 5000);
  await device.read(weights);
  await program.run({ x: filled(5000, (i) => i) });
  assertEquals(await program.read(output), filled(5000, (i) => i + 3));
  assertEquals(await device.read(weights), new Float32Array(5000));
  device.destroy();
});
