import { UserError } from "../../user_error.ts";

/** Two words that the barrier of the threads uses. */
export const BARRIER_ADDRESS = 1024;
/** What lies below belongs to the barrier and to the kernels' own data. */
const FIRST_ADDRESS = 65536;

const PAGE = 65536;
const MAX_PAGES = 65536;
/** Bytes after the last block, because kernels may read a little beyond the end of a buffer. */
const MARGIN = 256;

interface Block {
  readonly start: number;
  readonly bytes: number;
}

/** Allocates blocks of the one memory that all threads share; at most 4 GiB. */
export class Heap {
  /** The memory; it only grows. */
  readonly memory: WebAssembly.Memory;
  #free: Block[];
  #end: number;

  /** An empty heap. */
  constructor() {
    this.memory = new WebAssembly.Memory({
      initial: Math.ceil(FIRST_ADDRESS / PAGE),
      maximum: MAX_PAGES,
      shared: true,
    });
    this.#free = [];
    this.#end = FIRST_ADDRESS;
  }

  /**
   * The address of `bytes` bytes, aligned to 256.
   *
   * @throws {UserError} if the memory is full; `what` says what it was for.
   */
  allocate(bytes: number, what: string): number {
    const size = Math.ceil(Math.max(bytes, 1) / 256) * 256;
    const hole = this.#free.find((block) => block.bytes >= size);
    if (hole) {
      this.#free = this.#free.filter((block) => block !== hole);
      if (hole.bytes > size) this.release(hole.start + size, hole.bytes - size);
      return hole.start;
    }
    const start = this.#end;
    const pages = Math.ceil((start + size + MARGIN) / PAGE) -
      this.memory.buffer.byteLength / PAGE;
    if (pages > 0) this.#grow(pages, what, size);
    this.#end = start + size;
    return start;
  }

  #grow(pages: number, what: string, size: number): void {
    try {
      this.memory.grow(pages);
    } catch {
      const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
      throw new UserError(
        `${what} needs ${
          mebibytes(size)
        } MiB, and of the 4096 MiB that WebAssembly can address only ` +
          `${
            mebibytes(MAX_PAGES * PAGE - this.#end)
          } are left; lower the batch size or the width of the network`,
      );
    }
  }

  /** Frees a block that `allocate` returned. */
  release(start: number, bytes: number): void {
    const size = Math.ceil(Math.max(bytes, 1) / 256) * 256;
    const before = this.#free.find((block) =>
      block.start + block.bytes === start
    );
    const after = this.#free.find((block) => block.start === start + size);
    const merged = {
      start: before?.start ?? start,
      bytes: size + (before?.bytes ?? 0) + (after?.bytes ?? 0),
    };
    this.#free = this.#free.filter((block) =>
      block !== before && block !== after
    );
    if (merged.start + merged.bytes === this.#end) this.#end = merged.start;
    else this.#free.push(merged);
  }
}
