import { assert, assertEquals, assertRejects } from "@std/assert";
import { WebGpuExecutable } from "../../../../engine/devices/webgpu/executable.ts";
import { ProgramMemory } from "../../../../engine/devices/webgpu/program_memory.ts";
import type { GpuContext } from "../../../../engine/devices/webgpu/gpu_context.ts";
import type {
  CompileListener,
  DeviceLimits,
} from "../../../../engine/devices/device.ts";
import type { MatmulKernel } from "../../../../engine/compile/kernel.ts";
import { type Plan, planMemory } from "../../../../engine/compile/memory.ts";
import { UserError } from "../../../../engine/user_error.ts";
import { testOnWebGpu } from "../../devices.ts";
import { filled, inputBuffer, scheduleOf } from "../kernels/harness.ts";
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

/** Room for a few small buffers. */
const LIMITS = {
  alignment: 256,
  maxBufferBytes: 2048,
  maxBlockBytes: 4096,
  maxBuffersPerKernel: 8,
};

testOnWebGpu(
  "WebGpuExecutable: an arena in several blocks works like one",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(500, 5);
    const limits = { ...LIMITS, maxBlockBytes: 2048 };
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

/** Counts what is submitted from now on; `dropped` work is not done. */
function countSubmits(
  { queue }: GPUDevice,
  { dropped }: { readonly dropped: boolean },
): { count: number } {
  const submits = { count: 0 };
  const submit = queue.submit.bind(queue);
  queue.submit = (commands) => {
    submits.count++;
    if (!dropped) submit(commands);
  };
  return submits;
}

testOnWebGpu(
  "WebGpuExecutable.run: many dispatches are submitted in parts, in order",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(5, 1100);
    const plan = planMemory(schedule, LIMITS);
    const program = await compileWithoutStorages(context, plan, LIMITS);
    const submits = countSubmits(gpu, { dropped: false });
    await program.run({ x: filled(5, (i) => i) });
    assertEquals(submits.count, 3);
    assertEquals(
      await program.read(plan.outputs[0]),
      filled(5, (i) => i + 1100),
    );
    gpu.destroy();
  },
);

testOnWebGpu(
  "WebGpuExecutable.run: long products are submitted in parts",
  async () => {
    const { gpu, context } = await bareContext();
    // 20 billion multiplications and additions of the same two matrices
    const product: MatmulKernel = {
      kind: "matmul",
      batch: [10],
      m: 1000,
      n: 1000,
      k: 1000,
      a: { offset: 0, strides: [0, 1000, 1] },
      b: { offset: 0, strides: [0, 1000, 1] },
    };
    const factor = inputBuffer("x", new Float32Array(1e6));
    const output = { size: 1e7, dtype: "f32", label: "product" } as const;
    const dispatch = { kernel: product, inputs: [factor, factor], output };
    const limits = {
      ...LIMITS,
      maxBufferBytes: 2 ** 26,
      maxBlockBytes: 2 ** 26,
    };
    const plan = planMemory(
      scheduleOf(Array.from({ length: 5 }, () => dispatch)),
      limits,
    );
    const program = await compileWithoutStorages(context, plan, limits);
    // it would take seconds
    const submits = countSubmits(gpu, { dropped: true });
    await program.run({ x: new Float32Array(1e6) });
    assertEquals(submits.count, 3);
    gpu.destroy();
  },
);

testOnWebGpu(
  "WebGpuExecutable.run: waits for a long queue, not soon after results were read",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(5, 1);
    const plan = planMemory(schedule, LIMITS);
    const program = await compileWithoutStorages(context, plan, LIMITS);
    let waits = 0;
    const wait = gpu.queue.onSubmittedWorkDone.bind(gpu.queue);
    gpu.queue.onSubmittedWorkDone = () => {
      waits++;
      return wait();
    };
    const take = async (steps: number) => {
      for (let i = 0; i < steps; i++) {
        await program.run({ x: filled(5, () => 1) });
      }
    };
    // of 64 steps in a row one waits
    await take(63);
    await program.read(plan.outputs[0]);
    await take(63);
    assertEquals(waits, 0);
    await take(1);
    assertEquals(waits, 1);
    gpu.destroy();
  },
);

testOnWebGpu(
  "WebGpuExecutable.compile: says how many kernels are compiled",
  async () => {
    const { gpu, context } = await bareContext();
    const { schedule } = incrementChain(500, 2);
    const limits = { ...LIMITS, maxBlockBytes: 2048 };
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
    const limits = { ...LIMITS, maxBuffersPerKernel: 1 };
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
    const plan = planMemory(schedule, LIMITS);
    const program = await compileWithoutStorages(context, plan, LIMITS);
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
