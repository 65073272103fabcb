import type { ImageDataset } from "./dataset.ts";

/** Some of the images of a data set, which it closes with itself. */
export class Subset implements ImageDataset {
  readonly size: number;
  readonly imageSize: number;
  readonly labels?: Uint8Array;
  readonly classNames?: readonly string[];

  /** Image `i` of the subset is image `indices[i]` of `dataset`. */
  constructor(
    private readonly dataset: ImageDataset,
    private readonly indices: readonly number[],
  ) {
    const { imageSize, labels, classNames } = dataset;
    this.size = indices.length;
    this.imageSize = imageSize;
    this.labels = labels && Uint8Array.from(indices, (index) => labels[index]);
    this.classNames = classNames;
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
