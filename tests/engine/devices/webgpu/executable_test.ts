import { assert, assertEquals, assertRejects } from "@std/assert";
import { WebGpuExecutable } from "../../../../engine/devices/webgpu/executable.ts";
import { ProgramMemory } from "../../../../engine/devices/webgpu/program_memory.ts";
import type { GpuContext } from "../../../../engine/devices/webgpu/gpu_context.ts";
import type {
  CompileListener,
  DeviceLimits,
} from "../../../../engine/devices/device.ts";
import { type Plan, planMemory } from "../../../../engine/compile/memory.ts";
import { UserError } from "../../../../engine/user_error.ts";
import { testOnWebGpu } from "../../devices.ts";
import { filled } from "../kernels/harness.ts";
import { bareContext } from "./bare_context.ts";
import { incrementChain } from "../increment.ts";

/** Compiles a program that has no storages. */
async function compileWithoutStorages(
  context: GpuContext,
  plan: Plan,
  limits: DeviceLimits & { readonly maxBlockBytes: number },
  onKernel?: CompileListener,
): Promise<WebGpuExecutable> {
  const memory = await ProgramMemory.allocate(
    context,
    plan,
    limits.maxBlockBytes,
    () => {
      throw new Error("there is no storage");
    },
  );
  return await WebGpuExecutable.compile(
    context,
    plan,
    memory,
    limits,
    onKernel,
  );
}

testOnWebGpu(
  "WebGpuExecutable: an arena in several blocks works like one",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(500, 5);
    const limits = {
      alignment: 256,
      maxBufferBytes: 2048,
      maxBlockBytes: 2048,
      maxBuffersPerKernel: 8,
    };
    const plan = planMemory(schedule, limits);
    assert(plan.arenaBytes > limits.maxBlockBytes);
    const program = await compileWithoutStorages(context, plan, limits);
    assertEquals(program.bytes, plan.arenaBytes);
    await program.run({ x: filled(500, (i) => i) });
    assertEquals(
      await program.read(plan.outputs[0]),
      filled(500, (i) => i + 5),
    );
    gpu.destroy();
  },
);

testOnWebGpu(
  "WebGpuExecutable.compile: says how many kernels are compiled",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(500, 2);
    const limits = {
      alignment: 256,
      maxBufferBytes: 2048,
      maxBlockBytes: 2048,
      maxBuffersPerKernel: 8,
    };
    const done: string[] = [];
    await compileWithoutStorages(
      context,
      planMemory(schedule, limits),
      limits,
      (kernels, total) => done.push(`${kernels}/${total}`),
    );
    assertEquals(done, ["0/2", "1/2", "2/2"]);
    gpu.destroy();
  },
);

testOnWebGpu(
  "WebGpuExecutable.compile: refuses a kernel of more buffers than the device binds",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(500, 1);
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

testOnWebGpu(
  "WebGpuExecutable.exchange: one that fails leaves the next one able",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule, results: [from, to] } = incrementChain(500, 2);
    const limits = {
      alignment: 256,
      maxBufferBytes: 2048,
      maxBlockBytes: 4096,
      maxBuffersPerKernel: 8,
    };
    const plan = planMemory(schedule, limits);
    const program = await compileWithoutStorages(context, plan, limits);
    await program.run({ x: filled(500, (i) => i) });
    await assertRejects(
      () =>
        program.exchange(
          from,
          to,
          () => Promise.reject(new Error("the connection is lost")),
        ),
      Error,
      "the connection is lost",
    );
    await program.exchange(from, to, (sent, received) => {
      received.set(sent);
      return Promise.resolve();
    });
    assertEquals(await program.read(to), filled(500, (i) => i + 1));
    gpu.destroy();
  },
);
