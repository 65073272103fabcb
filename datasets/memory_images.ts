import type { ImageDataset } from "./dataset.ts";

/** Images held in memory. */
export class MemoryImages implements ImageDataset {
  readonly size: number;
  readonly #imageBytes: number;

  /** Wraps `pixels`, `[size, 3, imageSize, imageSize]`; nothing is copied. */
  constructor(
    private readonly pixels: Uint8Array,
    readonly imageSize: number,
    readonly labels?: Uint32Array,
    readonly classNames?: readonly string[],
  ) {
    this.#imageBytes = 3 * imageSize * imageSize;
    this.size = pixels.length / this.#imageBytes;
  }

  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#imageBytes;
    const batch = new Uint8Array(indices.length * bytes);
    for (let i = 0; i < indices.length; i++) {
      const start = indices[i] * bytes;
      batch.set(this.pixels.subarray(start, start + bytes), i * bytes);
    }
    return Promise.resolve(batch);
  }

  close(): void {}
}
