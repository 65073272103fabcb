import type { ImageDataset } from "../../datasets/dataset.ts";

/** Images to go through. */
export interface ImageSelection {
  /** Where they are. */
  readonly dataset: ImageDataset;
  /** Which of them, at least one. */
  readonly positions: Uint32Array;
}

/** Images that follow each other, for a program that takes a fixed number of them. */
export interface ImageBatch {
  /** The first, counted among the selected ones. */
  readonly start: number;
  /** Number of images; copies of the first one fill up the batch. */
  readonly count: number;
  /** `[batchSize, 3, imageSize, imageSize]` */
  readonly images: Uint8Array<ArrayBuffer>;
}

/**
 * Reads selected images in batches of `batchSize`.
 *
 * @param signal Stops it between two batches.
 * @throws {UserError} if images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function* imageBatches(
  { dataset, positions }: ImageSelection,
  batchSize: number,
  signal?: AbortSignal,
): AsyncGenerator<ImageBatch, void> {
  for (let start = 0; start < positions.length; start += batchSize) {
    signal?.throwIfAborted();
    const indices = Uint32Array.from(
      { length: batchSize },
      (_, i) => positions[start + i] ?? positions[start],
    );
    const count = Math.min(batchSize, positions.length - start);
    yield { start, count, images: await dataset.read(indices) };
  }
}
