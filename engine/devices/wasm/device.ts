import type { Buffer } from "../../compile/kernel.ts";
import { bytesOf, type Plan, wholeOf } from "../../compile/memory.ts";
import type { DType, Storage } from "../../graph/tensor.ts";
import { queueOf } from "../../step_queue.ts";
import type { Device, DeviceLimits, Executable, HostArray } from "../device.ts";
import { checkValues, hostArray } from "../host_array.ts";
import { sharedBytesOf } from "./calls/calls.ts";
import { Heap } from "./heap.ts";
import { SCRATCH_BYTES } from "./kernel_interface.generated.ts";
import { type Address, writeProgram } from "./program_module.ts";
import { compileKernels, MAX_THREADS, WorkerPool } from "./worker_pool.ts";

/** A block of the heap, which may be exchanged for a larger one. */
interface Block {
  start: number;
  bytes: number;
}

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
  /** Memory of temporaries; programs share it, because only one runs at a time. */
  readonly #arena: Block = { start: 0, bytes: 0 };
  /** Memory that the calls of one dispatch share; programs share it too. */
  readonly #shared: Block = { start: 0, bytes: 0 };
  #nextProgram = 0;
  /** The latest task of the workers, which do one at a time, in order. */
  #tail: Promise<void>;

  /**
   * Starts `threads` threads, by default one per processor.
   *
   * @throws {RangeError} if `threads` is not a whole number of at least 1, or more than can share memory.
   */
  constructor(
    threads: number = Math.min(navigator.hardwareConcurrency, MAX_THREADS),
  ) {
    if (!Number.isInteger(threads) || threads < 1) {
      throw new RangeError(
        `the number of threads must be a whole number of at least 1, not ${threads}`,
      );
    }
    if (threads > MAX_THREADS) {
      throw new RangeError(
        `${threads} threads cannot share memory on a page that is not cross-origin isolated; use 1`,
      );
    }
    const { module: kernels, relaxed } = compileKernels();
    const scratch = Array.from(
      { length: threads },
      () => this.#heap.allocate(SCRATCH_BYTES, "scratch memory"),
    );
    this.#threads = threads;
    this.#pool = new WorkerPool(threads);
    this.description = `WebAssembly ${
      relaxed ? "relaxed " : ""
    }SIMD, ${threads} thread${threads === 1 ? "" : "s"}`;
    this.#tail = this.#pool.broadcast((thread) => ({
      kind: "start",
      memory: this.#heap.memory,
      kernels,
      scratch: scratch[thread],
      thread,
      // a failure is reported by the next call to the device
    })).catch(() => {});
  }

  async compile(plan: Plan): Promise<Executable> {
    const added: Storage[] = [];
    try {
      return await this.#compile(plan, added);
    } catch (error) {
      added.forEach((storage) => this.release(storage));
      throw error;
    }
  }

  /** Compiles; `added` receives the storages that it is the first to use. */
  async #compile(plan: Plan, added: Storage[]): Promise<Executable> {
    // queued, because a running step may be using the memory that is given back
    await this.#queue(() => {
      for (const { inputs, output } of plan.dispatches) {
        for (const buffer of [...inputs, output]) {
          const { state } = wholeOf(buffer).buffer;
          if (!state || this.#storages.has(state.storage)) continue;
          added.push(state.storage);
          this.#addressOf(state.storage);
        }
      }
      this.#reserve(this.#arena, plan.arenaBytes);
      this.#reserve(
        this.#shared,
        Math.max(0, ...plan.dispatches.map(sharedBytesOf)),
      );
    });
    const addressOf = (buffer: Buffer): Address =>
      buffer.state
        ? {
          inArena: false,
          byte: this.#addressOf(buffer.state.storage) + buffer.state.offset * 4,
        }
        : { inArena: true, byte: plan.offsets.get(buffer)! };
    const program = this.#nextProgram++;
    const module = new WebAssembly.Module(
      writeProgram(plan.dispatches, this.#threads, addressOf),
    );
    await this.#queue(() =>
      this.#pool.broadcast(() => ({ kind: "load", program, module }))
    );
    const viewOf = (buffer: Buffer) => {
      const { buffer: whole, offset } = wholeOf(buffer);
      const { inArena, byte } = addressOf(whole);
      const address = { inArena, byte: byte + offset * 4 };
      return this.#view(address, buffer.dtype, buffer.size);
    };
    let destroyed = false;
    const check = () => {
      if (destroyed) {
        throw new Error("this program was destroyed; compile it again");
      }
    };
    return {
      run: async (inputs, from = 0, to = plan.dispatches.length) => {
        check();
        await this.#queue(() => {
          // at a later dispatch other values may lie where the inputs were
          for (const [name, buffer] of from === 0 ? plan.inputs : []) {
            const values = inputs[name];
            checkValues(`input "${name}"`, buffer.dtype, buffer.size, values);
            this.#view(addressOf(buffer), buffer.dtype, buffer.size).set(
              values,
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
        });
      },
      read: async (buffer) => {
        check();
        return await this.#queue(() => viewOf(buffer).slice());
      },
      exchange: async (from, to, transfer) => {
        check();
        // the memory itself: nothing is copied
        const [source, target] = await this.#queue(() => [
          viewOf(from),
          viewOf(to),
        ]);
        await transfer(source, target);
      },
      destroy: () => {
        if (destroyed) return;
        destroyed = true;
        this.#queue(() =>
          this.#pool.broadcast(() => ({ kind: "unload", program }))
        ).catch(() => {});
      },
    };
  }

  async write(storage: Storage, data: HostArray): Promise<void> {
    checkValues(storage.name, storage.dtype, storage.size, data);
    await queueOf(this).step(() =>
      this.#queue(() => this.#viewOf(storage).set(data))
    );
  }

  async read(storage: Storage): Promise<HostArray> {
    return await queueOf(this).step(() =>
      this.#queue(() => this.#viewOf(storage).slice())
    );
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

  /** Runs `task` after everything queued before it. */
  #queue<Result>(task: () => Promise<Result> | Result): Promise<Result> {
    const result = this.#tail.then(() => {
      this.#pool.check();
      return task();
    });
    // an error goes to the caller; later tasks still run
    this.#tail = result.then(() => {}, () => {});
    return result;
  }

  /** Address of a storage, which is allocated and filled at first use. */
  #addressOf(storage: Storage): number {
    const { name, dtype, size, initial } = storage;
    let start = this.#storages.get(storage);
    if (start === undefined) {
      if (initial) checkValues(name, dtype, size, initial);
      start = this.#heap.allocate(bytesOf(storage), name);
      this.#storages.set(storage, start);
      const view = this.#view({ inArena: false, byte: start }, dtype, size);
      if (initial) view.set(initial);
      else view.fill(0);
    }
    return start;
  }

  /** Makes `block` at least `bytes` large; what is in it may be lost. */
  #reserve(block: Block, bytes: number): void {
    if (bytes <= block.bytes) return;
    if (block.bytes > 0) this.#heap.release(block.start, block.bytes);
    try {
      block.start = this.#heap.allocate(bytes, "working memory");
    } catch (error) {
      // the other programs go on with what they had
      if (block.bytes > 0) {
        block.start = this.#heap.allocate(block.bytes, "working memory");
      }
      throw error;
    }
    const { start } = block;
    block.bytes = bytes;
    // the threads are idle while the program is written
    const share = Math.ceil(bytes / this.#threads / 4) * 4;
    this.#queue(() =>
      this.#pool.broadcast((thread) => ({
        kind: "touch",
        start: start + Math.min(thread * share, bytes),
        end: start + Math.min((thread + 1) * share, bytes),
      }))
    ).catch(() => {});
  }

  #viewOf(storage: Storage): HostArray {
    const address = { inArena: false, byte: this.#addressOf(storage) };
    return this.#view(address, storage.dtype, storage.size);
  }

  #view({ inArena, byte }: Address, dtype: DType, size: number): HostArray {
    const start = inArena ? this.#arena.start + byte : byte;
    return hostArray(dtype, this.#heap.memory.buffer, size, start);
  }
}
