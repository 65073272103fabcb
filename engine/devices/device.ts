import type { Buffer } from "../compile/kernel.ts";
import type { Plan } from "../compile/memory.ts";
import type { Storage } from "../graph/tensor.ts";

/** Values of one type as the host holds them. */
export type HostArray =
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** What a device promises about memory. */
export interface DeviceLimits {
  /** Alignment of buffers, in bytes. */
  readonly alignment: number;
  /** Largest single buffer that a kernel can use, in bytes. */
  readonly maxBufferBytes: number;
  /** Largest contiguous block of memory, in bytes; no buffer may cross a multiple of it. */
  readonly maxBlockBytes: number;
  /** All memory that the device can use, in bytes; absent where that is unknown. */
  readonly memoryBytes?: number;
  /** Most buffers that one kernel may read and write. */
  readonly maxBuffersPerKernel: number;
}

/** Is told how many kernels of a program have been compiled, at first 0, and how many there are. */
export type CompileListener = (done: number, total: number) => void;

/** Where programs run. Every call settles: after {@linkcode Device.destroy} or a failure of the device they all reject. */
export interface Device {
  /** Which kind of device it is. */
  readonly kind: "webgpu" | "wasm";
  /** One line to print: which hardware, how many threads. */
  readonly description: string;
  /** Limits that the memory plan of a program must respect. */
  readonly limits: DeviceLimits;
  /**
   * Makes everything that replaying the plan needs: memory, kernels, command list. If it fails, it
   * releases the storages that it was the first to use; nothing else may begin to use them meanwhile.
   *
   * @internal
   * @param onKernel Called where kernels are compiled one by one.
   * @throws {UserError} if the device has too little memory or no room for a kernel.
   */
  compile(plan: Plan, onKernel?: CompileListener): Promise<Executable>;
  /**
   * Overwrites a storage, placing it on the device first if needed.
   *
   * @throws {UserError} if `data` has another type or size than the storage.
   */
  write(storage: Storage, data: HostArray): Promise<void>;
  /** The content of a storage after all steps queued so far. */
  read(storage: Storage): Promise<HostArray>;
  /** Frees the memory of a storage; no program that uses it may run afterwards. */
  release(storage: Storage): void;
  /** Frees all memory and ends all threads; a second call does nothing. */
  destroy(): void;
}

/** A compiled program. Steps run in the order in which they were queued. */
export interface Executable {
  /**
   * Copies the inputs to the device and queues one step, or only the dispatches
   * `from <= i < to` (then the inputs are copied only if the first is among them). Allocates
   * nothing. Resolves when the inputs may be changed again.
   *
   * @throws {UserError} if an input is missing or has another type or size.
   */
  run(
    inputs: Readonly<Record<string, HostArray>>,
    from?: number,
    to?: number,
  ): Promise<void>;
  /**
   * The content of a buffer after all steps queued so far; valid for outputs and states, and for
   * any buffer directly after the dispatch that wrote it.
   */
  read(buffer: Buffer): Promise<HostArray>;
  /**
   * Hands the content of one buffer to `transfer`, which writes that of another, after all steps queued
   * so far. What is queued later runs at the same time and must leave both alone.
   */
  exchange(
    from: Buffer,
    to: Buffer,
    transfer: (from: HostArray, to: HostArray) => Promise<void>,
  ): Promise<void>;
  /** Frees what belongs to this program alone; storages stay. It refuses to run afterwards. */
  destroy(): void;
}
