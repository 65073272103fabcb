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
  /** Bytes to which the beginning of every buffer is aligned. */
  readonly alignment: number;
  /** Largest single buffer that a kernel can use, in bytes. */
  readonly maxBufferBytes: number;
  /** Largest contiguous block of memory, in bytes; no buffer may cross a multiple of it. */
  readonly maxBlockBytes: number;
  /** All memory that the device can use, in bytes; absent where it does not say. */
  readonly memoryBytes?: number;
  /** How many buffers one kernel may read and write. */
  readonly maxBuffersPerKernel: number;
}

/** A place where programs run. Only the engine knows which one. */
export interface Device {
  /** Tells the kinds of device apart. */
  readonly kind: "webgpu" | "wasm";
  /** One line for people: which hardware, how many threads. */
  readonly description: string;
  /** What the memory plan of a program has to keep to. */
  readonly limits: DeviceLimits;
  /**
   * Makes everything that replaying the plan needs: memory, kernels, command list.
   *
   * @internal
   */
  compile(plan: Plan): Promise<Executable>;
  /** Overwrites a storage, placing it on the device first if needed. */
  write(storage: Storage, data: HostArray): Promise<void>;
  /** The content of a storage after all steps queued so far. */
  read(storage: Storage): Promise<HostArray>;
  /** Forgets a storage and frees its memory; no program that uses it may run afterwards. */
  release(storage: Storage): void;
  /** Frees all memory and ends all threads. */
  destroy(): void;
}

/** A compiled program. Steps run in the order in which they were queued. */
export interface Executable {
  /**
   * Copies the inputs to the device and queues one step, or only the dispatches
   * `from <= i < to` (then the inputs are copied only if the first is among them). Allocates
   * nothing. Resolves when the inputs may be changed again.
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
  /** Frees what belongs to this program alone; storages stay. */
  destroy(): void;
}
