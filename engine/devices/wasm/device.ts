import type { Buffer } from "../../compile/kernel.ts";
import { bytesOf, type Plan, wholeOf } from "../../compile/memory.ts";
import type { DType, Storage } from "../../graph/tensor.ts";
import type { Device, DeviceLimits, Executable, HostArray } from "../device.ts";
import { sharedBytesOf } from "./calls/calls.ts";
import { Heap } from "./heap.ts";
import { SCRATCH_BYTES } from "./kernel_interface.generated.ts";
import { compileKernels, WorkerPool } from "./worker_pool.ts";
import { type Address, writeProgram } from "./program_module.ts";

/** The processor: WebAssembly SIMD kernels in a pool of threads over one shared memory. */
export class WasmDevice implements Device {
  readonly kind = "wasm";
  readonly description: string;
  readonly limits: DeviceLimits = {
    alignment: 256,
    maxBufferBytes: 2 ** 31,
    maxBlockBytes: 2 ** 32,
    memoryBytes: 2 ** 32,
    maxBuffersPerKernel: 64,
  };
  readonly #threads: number;
  readonly #pool: WorkerPool;
  readonly #heap = new Heap();
  readonly #storages = new Map<Storage, number>();
  /** Memory of temporaries; all programs share it, because only one runs at a time. */
  #arena = { start: 0, bytes: 0 };
  /** Memory that the calls of one dispatch share, for all programs too. */
  #shared = { start: 0, bytes: 0 };
  #nextProgram = 0;
  /** The last thing asked of the workers: they do one thing at a time, in order. */
  #tail: Promise<void>;

  /** Starts so many threads, by default one for each processor. */
  constructor(threads: number = navigator.hardwareConcurrency) {
    const { module: kernels, relaxed } = compileKernels();
    this.#threads = threads;
    this.#pool = new WorkerPool(threads);
    this.description = `WebAssembly ${
      relaxed ? "relaxed " : ""
    }SIMD, ${threads} thread${threads === 1 ? "" : "s"}`;
    this.#tail = this.#pool.broadcast((thread) => ({
      kind: "start",
      memory: this.#heap.memory,
      kernels,
      scratch: this.#heap.allocate(SCRATCH_BYTES, "scratch memory"),
      thread,
    }));
  }

  /** Runs `task` after everything queued before it. */
  #queue<Result>(task: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#tail.then(task);
    // an error belongs to who asked; what comes later still runs
    this.#tail = result.then(() => {}, () => {});
    return result;
  }

  async compile(plan: Plan): Promise<Executable> {
    for (const { inputs, output } of plan.dispatches) {
      for (const { state } of [...inputs, output]) {
        if (state) this.#place(state.storage);
      }
    }
    this.#arena = this.#reserve(this.#arena, plan.arenaBytes);
    this.#shared = this.#reserve(
      this.#shared,
      Math.max(0, ...plan.dispatches.map(sharedBytesOf)),
    );
    const addressOf = (buffer: Buffer): Address =>
      buffer.state
        ? {
          inArena: false,
          byte: this.#place(buffer.state.storage) + buffer.state.offset * 4,
        }
        : { inArena: true, byte: plan.offsets.get(buffer)! };
    const program = this.#nextProgram++;
    const module = new WebAssembly.Module(
      writeProgram(plan.dispatches, this.#threads, addressOf),
    );
    await this.#queue(() =>
      this.#pool.broadcast(() => ({ kind: "load", program, module }))
    );
    return {
      run: (inputs, from = 0, to = plan.dispatches.length) =>
        this.#queue(() => {
          // later on other values may lie where the inputs were
          for (const [name, buffer] of from === 0 ? plan.inputs : []) {
            this.#view(addressOf(buffer), buffer.dtype, buffer.size).set(
              inputs[name],
            );
          }
          return this.#pool.broadcast(() => ({
            kind: "run",
            program,
            from,
            to,
            arena: this.#arena.start,
            shared: this.#shared.start,
          }));
        }),
      read: (buffer) =>
        this.#queue(() => {
          const { buffer: whole, offset } = wholeOf(buffer);
          const { inArena, byte } = addressOf(whole);
          return this.#view(
            { inArena, byte: byte + offset * 4 },
            buffer.dtype,
            buffer.size,
          ).slice();
        }),
      destroy: () => {
        this.#queue(() =>
          this.#pool.broadcast(() => ({ kind: "unload", program }))
        );
      },
    };
  }

  /** Address of a storage, which gets its first content when it is first asked for. */
  #place(storage: Storage): number {
    let start = this.#storages.get(storage);
    if (start === undefined) {
      start = this.#heap.allocate(bytesOf(storage), storage.name);
      this.#storages.set(storage, start);
      const view = this.#view(
        { inArena: false, byte: start },
        storage.dtype,
        storage.size,
      );
      if (storage.initial) view.set(storage.initial);
      else view.fill(0);
    }
    return start;
  }

  /** A block of at least `bytes` bytes in place of `block`. */
  #reserve(
    block: { readonly start: number; readonly bytes: number },
    bytes: number,
  ) {
    if (bytes <= block.bytes) return block;
    if (block.bytes > 0) this.#heap.release(block.start, block.bytes);
    const start = this.#heap.allocate(bytes, "working memory");
    // threads have nothing else to do while the program is written
    const share = Math.ceil(bytes / this.#threads / 4) * 4;
    this.#queue(() =>
      this.#pool.broadcast((thread) => ({
        kind: "touch",
        start: start + Math.min(thread * share, bytes),
        end: start + Math.min((thread + 1) * share, bytes),
      }))
    );
    return { start, bytes };
  }

  #view({ inArena, byte }: Address, dtype: DType, size: number): HostArray {
    const { buffer } = this.#heap.memory;
    const start = inArena ? this.#arena.start + byte : byte;
    const View = {
      f32: Float32Array,
      i32: Int32Array,
      u32: Uint32Array,
      u8: Uint8Array,
    }[dtype];
    return new View(buffer as ArrayBuffer, start, size);
  }

  write(storage: Storage, data: HostArray): Promise<void> {
    return this.#queue(() => {
      this.#view(
        { inArena: false, byte: this.#place(storage) },
        storage.dtype,
        storage.size,
      ).set(data);
    });
  }

  read(storage: Storage): Promise<HostArray> {
    return this.#queue(() => {
      const view = this.#view(
        { inArena: false, byte: this.#place(storage) },
        storage.dtype,
        storage.size,
      );
      return view.slice();
    });
  }

  release(storage: Storage): void {
    const start = this.#storages.get(storage);
    if (start === undefined) return;
    this.#storages.delete(storage);
    this.#heap.release(start, bytesOf(storage));
  }

  destroy(): void {
    this.#pool.terminate();
  }
}
