import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  bind,
  type Location,
} from "../../../../engine/devices/webgpu/operand.ts";
import { download } from "../../../../engine/devices/webgpu/transfer.ts";
import { GpuContext } from "../../../../engine/devices/webgpu/context.ts";
import { WebGpuExecutable } from "../../../../engine/devices/webgpu/executable.ts";
import { ProgramMemory } from "../../../../engine/devices/webgpu/program_memory.ts";
import type { Expression } from "../../../../engine/compile/expression.ts";
import type {
  Buffer,
  FusedKernel,
  Schedule,
} from "../../../../engine/compile/kernel.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { Storage } from "../../../../engine/graph/tensor.ts";
import { UserError } from "../../../../engine/user_error.ts";
import {
  filled,
  gpuTest,
  inputBuffer,
  scheduleOf,
  stateBuffer,
} from "./harness.ts";

/** Adds 1 to each of `size` elements. */
function increment(size: number): FusedKernel {
  const a: Expression = {
    kind: "load",
    input: 0,
    dtype: "f32",
    view: { offset: 0, strides: [1] },
  };
  const b: Expression = { kind: "constant", value: 1, dtype: "f32" };
  return {
    kind: "fused",
    loops: [size],
    kept: 1,
    body: { kind: "binary", name: "add", a, b, dtype: "f32" },
    epilogue: { kind: "reduced", dtype: "f32" },
    output: { offset: 0, strides: [1] },
    dtype: "f32",
  };
}

/** Input x of `size`, to which `steps` kernels add 1 each, each into a buffer of its own. */
function chain(
  size: number,
  steps: number,
): { schedule: Schedule; results: Buffer[] } {
  const x = inputBuffer("x", new Float32Array(size));
  const results = Array.from(
    { length: steps },
    (_, i): Buffer => ({ size, dtype: "f32", label: `result ${i}` }),
  );
  const dispatches = results.map((output, i) => ({
    kernel: increment(size),
    inputs: [i === 0 ? x : results[i - 1]],
    output,
  }));
  return {
    schedule: {
      dispatches,
      inputs: new Map([["x", x]]),
      outputs: [results[steps - 1]],
    },
    results,
  };
}

gpuTest(
  "a storage of several upload pieces reads back as it was written",
  async (device) => {
    const values = Uint32Array.from({ length: 9 * 2 ** 20 + 3 }, (_, i) => i);
    const storage = new Storage("large", values.length, "u32", values);
    const first = await device.read(storage);
    assert(
      first.length === values.length && first.every((value, i) => value === i),
    );
    await device.write(storage, values.map((value) => value * 3));
    assert((await device.read(storage)).every((value, i) => value === i * 3));
  },
);

gpuTest("an arena in several blocks works like one", async () => {
  const { gpu, context } = await bareContext();
  const { schedule } = chain(500, 5);
  const limits = {
    alignment: 256,
    maxBufferBytes: 2048,
    maxBlockBytes: 2048,
    maxBuffersPerKernel: 8,
  };
  const plan = planMemory(schedule, limits);
  assert(plan.arenaBytes > limits.maxBlockBytes);
  const memory = await ProgramMemory.allocate(
    context,
    plan,
    limits.maxBlockBytes,
    () => {
      throw new Error("there is no storage");
    },
  );
  const program = await WebGpuExecutable.compile(context, plan, memory, limits);
  assertEquals(program.bytes, plan.arenaBytes);
  await program.run({ x: filled(500, (i) => i) });
  assertEquals(await program.read(plan.outputs[0]), filled(500, (i) => i + 5));
  gpu.destroy();
});

gpuTest(
  "a program runs dispatch by dispatch, and reads its inputs at the first",
  async (device) => {
    const { schedule, results } = chain(67, 4);
    const program = await device.compile(planMemory(schedule, device.limits));
    for (const [i, result] of results.entries()) {
      await program.run({ x: filled(67, (j) => j) }, i, i + 1);
      assertEquals(await program.read(result), filled(67, (j) => j + i + 1));
    }
  },
);

gpuTest("steps run in the order in which they were queued", async (device) => {
  const counter = stateBuffer(new Storage("counter", 3));
  const program = await device.compile(
    planMemory(scheduleOf(increment(3), [counter], counter), device.limits),
  );
  for (let step = 0; step < 100; step++) await program.run({});
  assertEquals([...await program.read(counter)], [100, 100, 100]);
});

gpuTest(
  "outputs stay readable while another program runs and after it is freed",
  async (device) => {
    const { schedule } = chain(100, 2);
    const [first, second] = await Promise.all(
      [1, 2].map(() => device.compile(planMemory(schedule, device.limits))),
    );
    await first.run({ x: filled(100, () => 1) });
    await second.run({ x: filled(100, () => 8) });
    second.destroy();
    assertEquals(await first.read(schedule.outputs[0]), filled(100, () => 3));
  },
);

gpuTest(
  "inputs that are missing or of a wrong kind are named",
  async (device) => {
    const { schedule } = chain(5, 1);
    const program = await device.compile(planMemory(schedule, device.limits));
    await assertRejects(
      () => program.run({}),
      UserError,
      'input "x" needs a Float32Array of 5 values, not nothing',
    );
    await assertRejects(
      () => program.run({ x: new Int32Array(5) }),
      UserError,
      "not Int32Array of 5",
    );
    await assertRejects(
      () => program.run({ x: new Float32Array(4) }),
      UserError,
      "not Float32Array of 4",
    );
  },
);

gpuTest(
  "memory that the device does not have is a clear error",
  async (device) => {
    const huge = new Storage("all weights", 2 ** 43);
    await assertRejects(() => device.read(huge), UserError, "all weights");
    // and the device goes on working
    assertEquals([...await device.read(new Storage("small", 2))], [0, 0]);
  },
);

gpuTest(
  "kernels beyond the limits of the device are clear errors",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = chain(500, 1);
    const limits = {
      alignment: 256,
      maxBufferBytes: 2048,
      maxBlockBytes: 4096,
      maxBuffersPerKernel: 1,
    };
    const plan = planMemory(schedule, limits);
    const memory = await ProgramMemory.allocate(
      context,
      plan,
      limits.maxBlockBytes,
      () => context.allocate("parts", 8192),
    );
    await assertRejects(
      () => WebGpuExecutable.compile(context, plan, memory, limits),
      UserError,
      "result 0 works on 2 buffers, and this device binds at most 1",
    );
    gpu.destroy();
  },
);

gpuTest("a program on a device that was freed reports it", async (device) => {
  const { schedule } = chain(5, 1);
  const program = await device.compile(planMemory(schedule, device.limits));
  device.destroy();
  await assertRejects(
    () => program.run({ x: new Float32Array(5) }),
    UserError,
    "freed",
  );
});

gpuTest("an error of the device is reported by the next call", async () => {
  const { gpu, context } = await bareContext();
  const buffer = await context.allocate("values", 256);
  gpu.createShaderModule({ code: "no shader" });
  await assertRejects(
    () => download(context, buffer, 0, 256),
    UserError,
    "the GPU failed (Shader",
  );
  gpu.destroy();
});

gpuTest(
  "ranges that overlap once they are aligned are bound as one",
  async () => {
    const { gpu, context } = await bareContext();
    const memory = await context.allocate("values", 4096);
    const at = (start: number, bytes: number): Location => ({
      buffer: { size: bytes / 4, dtype: "f32", label: "values" },
      memory,
      start,
      bytes,
    });
    const { operands, bindings } = bind([
      at(1000, 24),
      at(2048, 8),
      at(1000, 24),
      at(1024, 16),
      at(1028, 4),
    ], 4096);
    assertEquals(bindings.map(({ offset, size }) => [offset, size]), [
      [768, 256],
      [1024, 16],
      [2048, 8],
    ]);
    assertEquals(operands.map(({ array, base }) => [array, base]), [
      ["array0", 58],
      ["array2", 0],
      ["array0", 58],
      ["array1", 0],
      ["array1", 1],
    ]);
    assertThrows(
      () => bind([at(0, 2048), at(2044, 512)], 2048),
      UserError,
      "at most 2048 at once",
    );
    gpu.destroy();
  },
);

async function bareContext(): Promise<{ gpu: GPUDevice; context: GpuContext }> {
  const adapter = await navigator.gpu.requestAdapter();
  const gpu = await adapter!.requestDevice();
  return { gpu, context: new GpuContext(gpu, "tiled") };
}
