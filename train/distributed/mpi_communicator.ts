import { setImmediate } from "node:timers/promises";
import type { Communicator } from "../../engine/communicator.ts";
import type { HostArray } from "../../engine/devices/device.ts";
import { type MpiLibrary, startMpi } from "./mpi_library.ts";

/** Memory of an `MPI_Status`, which nobody reads; more than any implementation needs. */
const STATUS_BYTES = 64;

/**
 * The processes that an MPI launcher started. Exchanges begin without waiting and are asked after in
 * turn with everything else that this process does: measured on two processes, that takes 5 us for a
 * few bytes and half the time of a blocking call in a thread of its own for 4 MB.
 */
export class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  /** Time during which exchanges were in flight, in milliseconds. */
  milliseconds = 0;
  /** Bytes that this process has sent where exchanges go round a ring, which is the least possible. */
  bytes = 0;
  readonly #library: MpiLibrary;
  readonly #status = new Uint8Array(STATUS_BYTES);
  #underWay = 0;
  #since = 0;
  #closed = false;

  /**
   * Joins the other processes; by itself where no launcher started this one.
   *
   * @throws {UserError} if no MPI library is installed.
   */
  constructor() {
    this.#library = startMpi();
    const { symbols, world } = this.#library;
    const number = new Int32Array(1);
    symbols.MPI_Comm_rank(world, number);
    this.rank = number[0];
    symbols.MPI_Comm_size(world, number);
    this.size = number[0];
  }

  /** Which implementation of MPI it is. */
  get name(): string {
    return this.#library.name;
  }

  allReduce(values: HostArray, total: HostArray): Promise<void> {
    const { symbols, float, sum, world } = this.#library;
    this.bytes += 2 * values.byteLength * (this.size - 1) / this.size;
    return this.#exchange(
      [values, total],
      (request) =>
        symbols.MPI_Iallreduce(
          ...[values, total, total.length] as const,
          ...[float, sum, world, request] as const,
        ),
    );
  }

  allGather(part: HostArray, whole: HostArray): Promise<void> {
    const { symbols, byte, world } = this.#library;
    const { byteLength } = part;
    this.bytes += byteLength * (this.size - 1);
    return this.#exchange(
      [part, whole],
      (request) =>
        symbols.MPI_Iallgather(
          ...[part, byteLength, byte, whole, byteLength] as const,
          ...[byte, world, request] as const,
        ),
    );
  }

  reduceScatter(whole: HostArray, part: HostArray): Promise<void> {
    const { symbols, float, sum, world } = this.#library;
    this.bytes += whole.byteLength * (this.size - 1) / this.size;
    return this.#exchange(
      [whole, part],
      (request) =>
        symbols.MPI_Ireduce_scatter_block(
          ...[whole, part, part.length] as const,
          ...[float, sum, world, request] as const,
        ),
    );
  }

  broadcast(values: HostArray): Promise<void> {
    const { symbols, byte, world } = this.#library;
    this.bytes += values.byteLength;
    return this.#exchange(
      [values],
      (request) =>
        symbols.MPI_Ibcast(
          values,
          values.byteLength,
          byte,
          0,
          world,
          request,
        ),
    );
  }

  /** Ends all processes at once, with code 1. */
  abort(): void {
    const { symbols, world } = this.#library;
    symbols.MPI_Abort(world, 1);
  }

  /** Leaves the others, once all have come to this; a second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#library.symbols.MPI_Finalize();
  }

  /** Begins an exchange and waits until it has ended. */
  async #exchange(
    memory: readonly HostArray[],
    begin: (request: BigUint64Array<ArrayBuffer>) => number,
  ): Promise<void> {
    // accessing the buffers of small arrays fixes their addresses, and holding on to them keeps these
    const buffers = memory.map(({ buffer }) => buffer);
    if (this.#underWay++ === 0) this.#since = performance.now();
    const request = new BigUint64Array(1);
    const isDone = new Int32Array(1);
    begin(request);
    for (;;) {
      this.#library.symbols.MPI_Test(request, isDone, this.#status);
      if (isDone[0] !== 0) break;
      await setImmediate();
    }
    if (--this.#underWay === 0) {
      this.milliseconds += performance.now() - this.#since;
    }
    buffers.length = 0;
  }
}
