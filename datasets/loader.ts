import type { ImageDataset } from "./dataset.ts";
import { shuffledOrder } from "./shuffle.ts";

/** Images of one training step. */
export interface Batch {
  /** The step, counted from 0. */
  readonly step: number;
  /** Positions of the images in the data set, `[batchSize]`. */
  readonly indices: Uint32Array;
  /** `[batchSize, 3, imageSize, imageSize]` bytes, as {@linkcode ImageDataset.read} gives them. */
  readonly images: Uint8Array<ArrayBuffer>;
}

/** How a {@linkcode BatchLoader} goes through a data set. */
export interface BatchLoaderOptions {
  /** Images per batch of this loader, at least 1; may exceed the size of the data set. */
  batchSize: number;
  /** Seed of the shuffling, an unsigned 32-bit integer. */
  seed: number;
  /** Step of the first batch, 0 unless a run is resumed. */
  startStep?: number;
  /** Which part of each step's images this loader gives, of `size` equal ones; all of them by default. */
  part?: { readonly rank: number; readonly size: number };
  /** Batches read ahead of the one in use, at least 1; 4 by default. */
  prefetch?: number;
}

/**
 * An endless iterator over shuffled batches that reads ahead. Every epoch visits each image once in
 * an order given by seed and epoch alone, and epochs follow each other without a gap: step `s` takes
 * the positions from `s * batchSize` of that sequence, so that a batch may span epochs.
 *
 * A failing read rejects the `next` that would have given its batch.
 */
export class BatchLoader implements AsyncIterableIterator<Batch> {
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #part: { readonly rank: number; readonly size: number };
  readonly #ahead: Promise<Batch>[] = [];
  #step: number;
  #epoch = -1;
  #order = new Uint32Array();
  #closed = false;

  /** Starts to read ahead; `dataset` stays the caller's to close, after this loader. */
  constructor(
    private readonly dataset: ImageDataset,
    options: BatchLoaderOptions,
  ) {
    const { batchSize, seed, startStep = 0, prefetch = 4 } = options;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#part = options.part ?? { rank: 0, size: 1 };
    this.#step = startStep;
    for (let i = 0; i < prefetch; i++) this.#readAhead();
  }

  /** The batch of the next step; `done` after {@linkcode close} only. */
  async next(): Promise<IteratorResult<Batch, undefined>> {
    const batch = this.#ahead.shift();
    if (this.#closed || batch === undefined) {
      return { done: true, value: undefined };
    }
    this.#readAhead();
    return { done: false, value: await batch };
  }

  /** Closes the loader when a `for await` loop is left. */
  async return(): Promise<IteratorResult<Batch, undefined>> {
    await this.close();
    return { done: true, value: undefined };
  }

  /** The loader itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Stops, once the reads under way have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#ahead);
  }

  #readAhead(): void {
    const step = this.#step++;
    const indices = this.#indicesOf(step);
    const batch = this.dataset.read(indices).then((images) => ({
      step,
      indices,
      images,
    }));
    // A failure is for `next` to report; until then it must not count as unhandled.
    batch.catch(() => {});
    this.#ahead.push(batch);
  }

  #indicesOf(step: number): Uint32Array {
    const indices = new Uint32Array(this.#batchSize);
    const { rank, size } = this.#part;
    const first = (step * size + rank) * this.#batchSize;
    for (let i = 0; i < indices.length; i++) {
      const position = first + i;
      const epoch = Math.floor(position / this.dataset.size);
      if (epoch !== this.#epoch) {
        this.#epoch = epoch;
        this.#order = shuffledOrder(this.dataset.size, this.#seed, epoch);
      }
      indices[i] = this.#order[position % this.dataset.size];
    }
    return indices;
  }
}
