import { UserError } from "../../user_error.ts";
import type { ProductSchemeName } from "./product.ts";

/**
 * After so many dispatches since the last wait the host waits, so that it cannot run far ahead: in a
 * browser for those before the last wait, while later ones run. Rarely, because Deno blocks until the
 * queue is empty, and looks only every 10 ms whether it is.
 */
const DISPATCHES_BETWEEN_WAITS = 8192;
/** A submit counts as so many at least: few dispatches may be long ones, and its inputs take memory meanwhile. */
const MIN_DISPATCHES = 128;
/** Bytes and writes that may wait for a submit; more of them have corrupted uploads. */
const MAX_PENDING_BYTES = 16 * 2 ** 20;
const MAX_PENDING_WRITES = 16;

/** A WebGPU device with what its programs share: its first error, its pipelines, its queue. */
export class GpuContext {
  /** The device itself. */
  readonly gpu: GPUDevice;
  /** Of all programs by their code; only a program keeps one from being collected. */
  readonly #pipelines = new Map<string, WeakRef<GPUComputePipeline>>();
  readonly #compiling = new Map<string, Promise<GPUComputePipeline>>();
  readonly #collected = new FinalizationRegistry<string>((code) => {
    // it may have been compiled again meanwhile
    if (!this.#pipelines.get(code)?.deref()) this.#pipelines.delete(code);
  });
  readonly #layouts = new Map<number, GPUBindGroupLayout>();
  #failure?: string;
  #dispatches = 0;
  #unsubmitted = { bytes: 0, writes: 0 };
  #earlier: Promise<unknown> = Promise.resolve();

  /** Watches `gpu` for errors. */
  constructor(
    gpu: GPUDevice,
    /** How matrix products are computed. */
    readonly productScheme: ProductSchemeName,
  ) {
    this.gpu = gpu;
    gpu.addEventListener(
      "uncapturederror",
      ({ error }) => this.#fail(error.message),
    );
    gpu.lost.then(({ message }) => this.#fail(message));
  }

  #fail(message: string): void {
    this.#failure ??=
      `the GPU failed (${message.trim()}); restart from the last checkpoint`;
  }

  /**
   * Throws if the device has failed: nothing computed since then can be trusted.
   *
   * @throws {UserError} with the first error, or if the device was destroyed.
   */
  check(): void {
    if (this.#failure !== undefined) throw new UserError(this.#failure);
  }

  /**
   * Waits until a buffer can be read by the host, and so for all that was submitted before.
   *
   * @throws {UserError} if the device failed, of which this may be the first sign.
   */
  async map(buffer: GPUBuffer): Promise<void> {
    this.#dispatches = 0;
    try {
      await buffer.mapAsync(GPUMapMode.READ);
    } catch (error) {
      this.#fail(`it cannot be read: ${(error as Error).message}`);
      this.check();
    }
  }

  /** Frees everything on the device. */
  destroy(): void {
    this.#failure ??= "this device was destroyed; open another one";
    this.gpu.destroy();
  }

  /**
   * New memory, filled with zeros.
   *
   * @throws {UserError} if the device has too little.
   */
  async allocate(label: string, bytes: number): Promise<GPUBuffer> {
    this.check();
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const { made: buffer, error } = await this.#make(() =>
      this.gpu.createBuffer({
        label,
        size: bytes,
        usage: STORAGE | COPY_SRC | COPY_DST,
      })
    );
    if (error) {
      throw new UserError(
        `the GPU has no ${
          Math.ceil(bytes / 2 ** 20)
        } MiB for ${label} (${error.message.trim()}); ` +
          "lower the batch size or the width of the network",
      );
    }
    return buffer;
  }

  /** What `make` makes on the device, and the first error on the way. */
  async #make<Made>(
    make: () => Made,
  ): Promise<{ made: Made; error?: GPUError }> {
    const scopes = ["out-of-memory", "internal", "validation"] as const;
    scopes.forEach((scope) => this.gpu.pushErrorScope(scope));
    const made = make();
    const errors = await Promise.all(
      scopes.map(() => this.gpu.popErrorScope()),
    );
    return { made, error: errors.find((error) => error !== null) };
  }

  /** The layout of `count` read-write buffers. */
  layout(count: number): GPUBindGroupLayout {
    let layout = this.#layouts.get(count);
    if (!layout) {
      const entries = Array.from({ length: count }, (_, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "storage" as const },
      }));
      layout = this.gpu.createBindGroupLayout({ entries });
      this.#layouts.set(count, layout);
    }
    return layout;
  }

  /** The pipeline of a shader that uses `bindings` buffers; equal shaders share one. */
  async pipeline(
    label: string,
    code: string,
    bindings: number,
  ): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(code)?.deref();
    if (known) return known;
    let compiling = this.#compiling.get(code);
    if (!compiling) {
      compiling = this.#compile(label, code, bindings);
      this.#compiling.set(code, compiling);
    }
    try {
      return await compiling;
    } finally {
      this.#compiling.delete(code);
    }
  }

  async #compile(
    label: string,
    code: string,
    bindings: number,
  ): Promise<GPUComputePipeline> {
    const { made: pipeline, error } = await this.#make(() =>
      this.gpu.createComputePipeline({
        label,
        layout: this.gpu.createPipelineLayout({
          bindGroupLayouts: [this.layout(bindings)],
        }),
        compute: {
          module: this.gpu.createShaderModule({ label, code }),
          entryPoint: "main",
        },
      })
    );
    if (error) {
      throw new Error(
        `the kernel of ${label} does not compile: ${error.message}\n${code}`,
      );
    }
    this.#pipelines.set(code, new WeakRef(pipeline));
    this.#collected.register(pipeline, code);
    return pipeline;
  }

  /** Counts a write to a buffer, and submits when much is waiting. */
  noteWritten(bytes: number): void {
    this.#unsubmitted.bytes += bytes;
    this.#unsubmitted.writes++;
    const { bytes: total, writes } = this.#unsubmitted;
    if (total >= MAX_PENDING_BYTES || writes >= MAX_PENDING_WRITES) {
      this.submitNow([]);
    }
  }

  /** Queues commands without ever waiting. */
  submitNow(commands: GPUCommandBuffer[]): void {
    this.gpu.queue.submit(commands);
    this.#unsubmitted.bytes = 0;
    this.#unsubmitted.writes = 0;
  }

  /** Queues commands of so many dispatches; resolves at once unless the queue is long. */
  async submit(commands: GPUCommandBuffer, dispatches: number): Promise<void> {
    this.submitNow([commands]);
    this.#dispatches += Math.max(dispatches, MIN_DISPATCHES);
    if (this.#dispatches < DISPATCHES_BETWEEN_WAITS) return;
    this.#dispatches = 0;
    const earlier = this.#earlier;
    this.#earlier = this.gpu.queue.onSubmittedWorkDone();
    await earlier;
  }
}
