import type { Buffer, Dispatch } from "../../compile/kernel.ts";
import { kernelWork } from "../../compile/device_operations.ts";
import { bytesOf, type Plan } from "../../compile/memory.ts";
import { UserError } from "../../user_error.ts";
import type {
  CompileListener,
  DeviceLimits,
  Executable,
  HostArray,
} from "../device.ts";
import type { GpuContext } from "./gpu_context.ts";
import { checkValues, hostArray } from "../host_array.ts";
import { lower } from "./lower.ts";
import { bind, type Bound, declareArray } from "./operand.ts";
import type { ProductSchemeName } from "./product.ts";
import type { ProgramMemory } from "./program_memory.ts";
import type { Lowered } from "./shader.ts";
import { download, upload } from "./transfer.ts";

/**
 * Most multiplications and additions, and most dispatches, that are submitted at a time. Systems end
 * what keeps a GPU busy for long: Windows after 2 s, macOS after less, and not always with an error.
 */
const MAX_SUBMITTED_PRODUCTS = 50e9;
const MAX_SUBMITTED_DISPATCHES = 512;

/** One dispatch, ready to be encoded. */
interface Command {
  readonly bindGroup: GPUBindGroup;
  readonly passes: readonly {
    readonly pipeline: GPUComputePipeline;
    readonly workgroups: readonly [number, number];
  }[];
  /** Multiplications and additions of its product, if it is one. */
  readonly products: number;
}

/** Memory of the host that an exchange goes through, step after step. */
interface Staging {
  /** What is sent; mapped while it is. */
  readonly sent: GPUBuffer;
  /** What is received. */
  readonly received: HostArray;
}

/** A program as a list of commands, for which {@linkcode WebGpuExecutable.compile} makes everything once. */
export class WebGpuExecutable implements Executable {
  /** Device memory that belongs to this program alone. */
  readonly bytes: number;
  readonly #context: GpuContext;
  readonly #plan: Plan;
  readonly #memory: ProgramMemory;
  readonly #scratch: GPUBuffer | undefined;
  #commands: readonly Command[];
  /** Staging copies of byte inputs whose size is not a whole number of words. */
  readonly #padded = new Map<string, Uint8Array<ArrayBuffer>>();
  /** By what is received. */
  readonly #staging = new Map<Buffer, Staging>();
  #lastMapped: Promise<void> = Promise.resolve();
  #destroyed = false;

  private constructor(
    context: GpuContext,
    plan: Plan,
    memory: ProgramMemory,
    scratch: GPUBuffer | undefined,
    commands: readonly Command[],
  ) {
    this.bytes = memory.bytes + (scratch?.size ?? 0);
    this.#context = context;
    this.#plan = plan;
    this.#memory = memory;
    this.#scratch = scratch;
    this.#commands = commands;
    for (const [name, { dtype, size }] of plan.inputs) {
      if (dtype === "u8" && size % 4 !== 0) {
        this.#padded.set(name, new Uint8Array(size + 4 - size % 4));
      }
    }
  }

  /**
   * Makes the pipelines and bind groups of `plan`, whose buffers lie in `memory`.
   *
   * @throws {UserError} if a kernel needs more than the device allows.
   */
  static async compile(
    context: GpuContext,
    plan: Plan,
    memory: ProgramMemory,
    limits: DeviceLimits,
    onKernel?: CompileListener,
  ): Promise<WebGpuExecutable> {
    const total = plan.dispatches.length;
    onKernel?.(0, total);
    const lowered = plan.dispatches.map((dispatch) =>
      lowerDispatch(dispatch, memory, limits, context.productScheme)
    );
    // commands run one after the other, so one working memory serves them all
    const scratchBytes = Math.max(
      0,
      ...lowered.map((kernel) => scratchBytesOf(kernel)),
    );
    const scratch = scratchBytes > 0
      ? await context.allocate("working memory of kernels", scratchBytes)
      : undefined;
    try {
      const commands = await Promise.all(
        plan.dispatches.map((dispatch, i) => {
          const command = makeCommand(context, dispatch, lowered[i], scratch);
          // outside browsers its shaders are compiled by now, though errors are still to come
          onKernel?.(i + 1, total);
          return command;
        }),
      );
      context.check();
      return new WebGpuExecutable(context, plan, memory, scratch, commands);
    } catch (error) {
      scratch?.destroy();
      throw error;
    }
  }

  async run(
    inputs: Readonly<Record<string, HostArray>>,
    from: number = 0,
    to: number = this.#commands.length,
  ): Promise<void> {
    this.#check();
    // at a later dispatch other values may lie where the inputs were
    if (from === 0) this.#feed(inputs);
    let start = from;
    let products = 0;
    for (let i = from; i < to; i++) {
      const { products: more } = this.#commands[i];
      const full = products + more > MAX_SUBMITTED_PRODUCTS ||
        i - start === MAX_SUBMITTED_DISPATCHES;
      if (full && i > start) {
        // without waiting, so that no other step comes in between
        this.#context.submitNow([this.#encode(start, i)]);
        start = i;
        products = 0;
      }
      products += more;
    }
    await this.#context.submit(this.#encode(start, to), to - from);
  }

  /** The dispatches `from <= i < to` as one command buffer. */
  #encode(from: number, to: number): GPUCommandBuffer {
    const encoder = this.#context.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const { bindGroup, passes } of this.#commands.slice(from, to)) {
      pass.setBindGroup(0, bindGroup);
      for (const { pipeline, workgroups: [x, y] } of passes) {
        pass.setPipeline(pipeline);
        pass.dispatchWorkgroups(x, y);
      }
    }
    pass.end();
    return encoder.finish();
  }

  async read(buffer: Buffer): Promise<HostArray> {
    this.#check();
    const { memory, start, bytes } = this.#memory.locate(buffer);
    const content = await download(this.#context, memory, start, bytes);
    return hostArray(buffer.dtype, content, buffer.size);
  }

  async exchange(
    from: Buffer,
    to: Buffer,
    transfer: (from: HostArray, to: HostArray) => Promise<void>,
  ): Promise<void> {
    this.#check();
    const { sent, received } = this.#stagingOf(from, to);
    const source = this.#memory.locate(from);
    const encoder = this.#context.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(
      source.memory,
      source.start,
      sent,
      0,
      source.bytes,
    );
    this.#context.submitNow([encoder.finish()]);
    // transfers begin in the same order in all processes; buffers may be mapped in any
    this.#lastMapped = Promise.all([
      this.#lastMapped,
      this.#context.map(sent),
    ]).then(() => {});
    await this.#lastMapped;
    try {
      await transfer(
        hostArray(from.dtype, sent.getMappedRange(), from.size),
        received,
      );
    } finally {
      // a mapped buffer cannot take what the next exchange sends
      sent.unmap();
    }
    const target = this.#memory.locate(to);
    upload(this.#context, target.memory, target.start, received);
  }

  /** Memory for an exchange, made at its first step. */
  #stagingOf(from: Buffer, to: Buffer): Staging {
    let staging = this.#staging.get(to);
    if (!staging) {
      const sent = this.#context.gpu.createBuffer({
        label: `staging of ${from.label}`,
        size: bytesOf(from),
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      const memory = new ArrayBuffer(bytesOf(to));
      staging = { sent, received: hostArray(to.dtype, memory, to.size) };
      this.#staging.set(to, staging);
    }
    return staging;
  }

  destroy(): void {
    this.#destroyed = true;
    // what nobody else uses of their pipelines can be collected
    this.#commands = [];
    this.#staging.forEach(({ sent }) => sent.destroy());
    this.#memory.destroy();
    this.#scratch?.destroy();
  }

  #check(): void {
    this.#context.check();
    if (this.#destroyed) {
      throw new Error("this program was destroyed; compile it again");
    }
  }

  #feed(inputs: Readonly<Record<string, HostArray>>) {
    for (const [name, buffer] of this.#plan.inputs) {
      const values = inputs[name];
      checkValues(`input "${name}"`, buffer.dtype, buffer.size, values);
      const padded = this.#padded.get(name);
      padded?.set(values);
      const { memory, start } = this.#memory.locate(buffer);
      upload(this.#context, memory, start, padded ?? values);
    }
  }
}

/** The bindings and shaders of a dispatch. */
interface LoweredDispatch extends Bound, Lowered {}

function lowerDispatch(
  { kernel, inputs, output }: Dispatch,
  memory: ProgramMemory,
  limits: DeviceLimits,
  scheme: ProductSchemeName,
): LoweredDispatch {
  if (output.dtype === "u8") {
    throw new TypeError(
      `${output.label} would store bytes, which are only inputs`,
    );
  }
  const locations = [...inputs, output].map((buffer) => memory.locate(buffer));
  const bound = bind(locations, limits.maxBufferBytes);
  const lowered = lower(
    kernel,
    bound.operands.slice(0, -1),
    bound.operands.at(-1)!,
    output.size,
    scheme,
  );
  const count = bound.bindings.length + (lowered.scratch ? 1 : 0);
  if (count > limits.maxBuffersPerKernel) {
    throw new UserError(
      `${output.label} works on ${count} buffers, and this device binds at most ${limits.maxBuffersPerKernel}`,
    );
  }
  return { ...bound, ...lowered };
}

function scratchBytesOf({ scratch }: Lowered): number {
  return scratch ? scratch.size * (scratch.type === "f32" ? 4 : 8) : 0;
}

async function makeCommand(
  context: GpuContext,
  { kernel, output }: Dispatch,
  lowered: LoweredDispatch,
  memory: GPUBuffer | undefined,
): Promise<Command> {
  const { scratch } = lowered;
  const bindings = [...lowered.bindings];
  let declarations = lowered.declarations;
  if (scratch && memory) {
    declarations += "\n" +
      declareArray(bindings.length, "scratch", scratch.type, scratch.size);
    bindings.push({ buffer: memory, size: scratchBytesOf(lowered) });
  }
  const passes = await Promise.all(
    lowered.passes.map(async ({ code, workgroups }) => ({
      pipeline: await context.pipeline(
        output.label,
        `${declarations}\n${code}`,
        bindings.length,
      ),
      workgroups,
    })),
  );
  const bindGroup = context.gpu.createBindGroup({
    layout: context.layout(bindings.length),
    entries: bindings.map((resource, binding) => ({ binding, resource })),
  });
  return { bindGroup, passes, products: kernelWork(kernel, output).products };
}
