import { bytesOf, type Plan } from "../../compile/memory.ts";
import type { Storage } from "../../graph/tensor.ts";
import type {
  CompileListener,
  Device,
  DeviceLimits,
  Executable,
  HostArray,
} from "../device.ts";
import { queueOf } from "../../step_queue.ts";
import { UserError } from "../../user_error.ts";
import { findAdapter, nameOf } from "./adapter.ts";
import { GpuContext } from "./gpu_context.ts";
import { WebGpuExecutable } from "./executable.ts";
import { checkValues, hostArray } from "../host_array.ts";
import { ALIGNMENT } from "./operand.ts";
import type { ProductSchemeName } from "./product.ts";
import { ProgramMemory } from "./program_memory.ts";
import { download, upload } from "./transfer.ts";

/** Drivers refuse single allocations that are much larger, whatever limits they state. */
const MAX_BLOCK_BYTES = 2 ** 31;

/** Limits whose defaults are far below what most hardware has. */
const raisedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
] as const;

/** A GPU, or a software driver, through WebGPU. */
export class WebGpuDevice implements Device {
  readonly kind = "webgpu";
  readonly description: string;
  /** What the adapter allows. */
  readonly limits: DeviceLimits;
  /** Whether the processor does the work of the GPU: right for tests, too slow for training. */
  readonly software: boolean;
  readonly #context: GpuContext;
  /** Their memory, or a promise of it while it is allocated. */
  readonly #storages = new Map<Storage, GPUBuffer | Promise<GPUBuffer>>();

  private constructor(
    info: GPUAdapterInfo,
    gpu: GPUDevice,
    scheme?: ProductSchemeName,
  ) {
    this.software = info.isFallbackAdapter;
    this.#context = new GpuContext(
      gpu,
      scheme ?? (this.software ? "direct" : "tiled"),
    );
    this.description = `WebGPU on ${nameOf(info)}`;
    const alignDown = (bytes: number) => bytes - bytes % ALIGNMENT;
    const maxBlockBytes = alignDown(
      Math.min(gpu.limits.maxBufferSize, MAX_BLOCK_BYTES),
    );
    this.limits = {
      alignment: ALIGNMENT,
      // a binding may have to begin before its buffer to be aligned
      maxBufferBytes: alignDown(
        Math.min(gpu.limits.maxStorageBufferBindingSize, maxBlockBytes),
      ) - ALIGNMENT,
      maxBlockBytes,
      maxBuffersPerKernel: gpu.limits.maxStorageBuffersPerShaderStage,
    };
  }

  /**
   * Opens the adapter of {@linkcode findAdapter} with all the memory it allows; `undefined` where there
   * is none.
   *
   * @param scheme how matrix products are computed; by default the one that is fast there
   * @throws {UserError} if the adapter cannot be opened.
   */
  static async request(
    scheme?: ProductSchemeName,
  ): Promise<WebGpuDevice | undefined> {
    const { adapter } = await findAdapter();
    if (!adapter) return undefined;
    const requiredLimits = Object.fromEntries(
      raisedLimits.map((name) => [name, adapter.limits[name]]),
    );
    const gpu = await openAdapter(adapter, requiredLimits);
    return new WebGpuDevice(adapter.info, gpu, scheme);
  }

  async compile(
    plan: Plan,
    onKernel?: CompileListener,
  ): Promise<Executable> {
    const added: Storage[] = [];
    let memory: ProgramMemory | undefined;
    try {
      memory = await ProgramMemory.allocate(
        this.#context,
        plan,
        this.limits.maxBlockBytes,
        (storage) => {
          if (!this.#storages.has(storage)) added.push(storage);
          return this.#memoryOf(storage);
        },
      );
      return await WebGpuExecutable.compile(
        this.#context,
        plan,
        memory,
        this.limits,
        onKernel,
      );
    } catch (error) {
      memory?.destroy();
      added.forEach((storage) => this.release(storage));
      throw error;
    }
  }

  async write(storage: Storage, data: HostArray): Promise<void> {
    checkValues(storage.name, storage.dtype, storage.size, data);
    await this.#onMemory(
      storage,
      (memory) => upload(this.#context, memory, 0, data),
    );
  }

  async read(storage: Storage): Promise<HostArray> {
    const content = await this.#onMemory(
      storage,
      (memory) => download(this.#context, memory, 0, bytesOf(storage)),
    );
    return hostArray(storage.dtype, content, storage.size);
  }

  release(storage: Storage): void {
    const memory = this.#storages.get(storage);
    this.#storages.delete(storage);
    if (memory instanceof GPUBuffer) memory.destroy();
    else memory?.then((memory) => memory.destroy(), () => {});
  }

  destroy(): void {
    this.#context.destroy();
  }

  /** Uses the memory of a storage: at once if it is allocated, so before any step that is queued later. */
  #onMemory<Result>(
    storage: Storage,
    use: (memory: GPUBuffer) => Result | Promise<Result>,
  ): Promise<Result> {
    return queueOf(this).step(async () => {
      const memory = this.#memoryOf(storage);
      return await use(memory instanceof GPUBuffer ? memory : await memory);
    });
  }

  /** The memory of a storage, which is allocated and filled at first use. */
  #memoryOf(storage: Storage): GPUBuffer | Promise<GPUBuffer> {
    const known = this.#storages.get(storage);
    if (known) return known;
    const memory = this.#fill(storage);
    this.#storages.set(storage, memory);
    // it may be released meanwhile
    const isKept = () => this.#storages.get(storage) === memory;
    memory.then(
      (buffer) => isKept() && this.#storages.set(storage, buffer),
      () => isKept() && this.#storages.delete(storage),
    );
    return memory;
  }

  async #fill(storage: Storage): Promise<GPUBuffer> {
    const { name, size, dtype, initial } = storage;
    const bytes = Math.ceil(bytesOf(storage) / ALIGNMENT) * ALIGNMENT;
    const memory = await this.#context.allocate(name, bytes);
    if (initial) {
      checkValues(name, dtype, size, initial);
      upload(this.#context, memory, 0, initial);
    }
    return memory;
  }
}

async function openAdapter(
  adapter: GPUAdapter,
  requiredLimits: Record<string, number>,
): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({ requiredLimits });
  } catch (error) {
    const why = (error as Error).message;
    throw new UserError(`${nameOf(adapter.info)} cannot be opened (${why})`);
  }
}
