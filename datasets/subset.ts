import type { ImageDataset } from "./dataset.ts";

/** Some of the images of a data set, which it closes with itself. */
export class Subset implements ImageDataset {
  readonly size: number;
  readonly imageSize: number;

  /**
   * Image `i` of the subset is image `indices[i]` of `dataset`.
   *
   * @param labels Class of each image of the subset.
   */
  constructor(
    private readonly dataset: ImageDataset,
    private readonly indices: readonly number[],
    readonly labels?: Uint32Array,
    readonly classNames?: readonly string[],
  ) {
    this.size = indices.length;
    this.imageSize = dataset.imageSize;
  }

  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    return this.dataset.read(
      Array.from(indices, (index) => this.indices[index]),
    );
  }

  close(): void {
    this.dataset.close();
  }
}
