import type { Buffer } from "../../compile/kernel.ts";
import { bytesOf, type Plan, wholeOf } from "../../compile/memory.ts";
import type { Storage } from "../../graph/tensor.ts";
import type { GpuContext } from "./gpu_context.ts";
import type { Location } from "./operand.ts";

/**
 * Where the buffers of a program lie: temporaries and inputs in an arena, in blocks as large as the
 * device allows; states in their storages. Each program has its own arena, so that its outputs
 * stay readable while others run.
 */
export class ProgramMemory {
  /** Size of the arena. */
  readonly bytes: number;
  readonly #plan: Plan;
  readonly #blockBytes: number;
  readonly #blocks: readonly GPUBuffer[];
  readonly #storages: ReadonlyMap<Storage, GPUBuffer>;

  private constructor(
    plan: Plan,
    blockBytes: number,
    blocks: readonly GPUBuffer[],
    storages: ReadonlyMap<Storage, GPUBuffer>,
  ) {
    this.bytes = plan.arenaBytes;
    this.#plan = plan;
    this.#blockBytes = blockBytes;
    this.#blocks = blocks;
    this.#storages = storages;
  }

  /**
   * Makes the arena of `plan`; `memoryOf` gives the memory of a storage.
   *
   * @throws {UserError} if the device has too little memory.
   */
  static async allocate(
    context: GpuContext,
    plan: Plan,
    blockBytes: number,
    memoryOf: (storage: Storage) => GPUBuffer | Promise<GPUBuffer>,
  ): Promise<ProgramMemory> {
    const storages = new Map<Storage, GPUBuffer>();
    const blocks: GPUBuffer[] = [];
    try {
      for (const buffer of buffersOf(plan)) {
        const { state } = wholeOf(buffer).buffer;
        if (state) storages.set(state.storage, await memoryOf(state.storage));
      }
      for (let start = 0; start < plan.arenaBytes; start += blockBytes) {
        blocks.push(
          await context.allocate(
            "intermediate results",
            Math.min(blockBytes, plan.arenaBytes - start),
          ),
        );
      }
    } catch (error) {
      blocks.forEach((block) => block.destroy());
      throw error;
    }
    return new ProgramMemory(plan, blockBytes, blocks, storages);
  }

  /** Where a buffer lies. */
  locate(buffer: Buffer): Location {
    const { buffer: whole, offset: skippedElements } = wholeOf(buffer);
    const bytes = bytesOf(buffer);
    const skipped = skippedElements * (buffer.dtype === "u8" ? 1 : 4);
    if (whole.state) {
      const memory = this.#storages.get(whole.state.storage)!;
      return { buffer, memory, start: whole.state.offset * 4 + skipped, bytes };
    }
    const offset = this.#plan.offsets.get(whole)!;
    const memory = this.#blocks[Math.floor(offset / this.#blockBytes)];
    return {
      buffer,
      memory,
      start: offset % this.#blockBytes + skipped,
      bytes,
    };
  }

  /** Frees the arena. */
  destroy(): void {
    this.#blocks.forEach((block) => block.destroy());
  }
}

function buffersOf({ dispatches, outputs }: Plan): Buffer[] {
  return [
    ...dispatches.flatMap(({ inputs, output }) => [...inputs, output]),
    ...outputs,
  ];
}
