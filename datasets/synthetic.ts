import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { z } from "zod";
import { philox } from "../engine/ops/random.ts";
import type { DatasetKind, DatasetSplits, ImageDataset } from "./dataset.ts";
import { MemoryImages } from "./memory_images.ts";
import { SHAPES, TEXTURES } from "./synthetic_figures.ts";
import { drawImage, IMAGE_SIZE, type Uniform } from "./synthetic_image.ts";

const CLASSES = Object.entries(TEXTURES).flatMap(([pattern, texture]) =>
  Object.entries(SHAPES).map(([outline, shape]) => ({
    name: `${pattern} ${outline}`,
    figure: { shape, texture },
  }))
);

/** Random streams that keep images of the two splits apart. */
const TRAIN_STREAM = 0x74726169;
const TEST_STREAM = 0x74657374;

/** Bytes of one image. */
const IMAGE_BYTES = 3 * IMAGE_SIZE * IMAGE_SIZE;

/** How many images to make. */
export interface SyntheticOptions {
  /** Selects this data set. */
  readonly name: "synthetic";
  /** Number of images for training, 1 to 100000. */
  readonly trainSize: number;
  /** Number of images for testing, 1 to 100000. */
  readonly testSize: number;
  /** Seed of the images, an unsigned 32-bit integer. */
  readonly seed: number;
}

/** Images of 10 classes that the program draws itself. */
export const synthetic: DatasetKind<SyntheticOptions> = {
  schema: z.strictObject({
    name: z.literal("synthetic"),
    trainSize: z.int().min(1).max(100_000).default(4000),
    testSize: z.int().min(1).max(100_000).default(1000),
    seed: z.uint32().default(0),
  }),
  imageSize: () => IMAGE_SIZE,
  open,
};

/**
 * Makes 32x32 images of 10 equally frequent classes, each a shape with a texture, in varying
 * places, sizes, directions and colours before varying backgrounds. Image `i` of a split depends on
 * the seed and `i` alone. The training images are the unlabelled ones too.
 */
function open(options: SyntheticOptions): Promise<DatasetSplits> {
  const { trainSize, testSize, seed } = options;
  const train = new SyntheticImages(trainSize, seed, TRAIN_STREAM);
  const test = new SyntheticImages(testSize, seed, TEST_STREAM);
  return Promise.resolve({ unlabelled: train, train, test });
}

/** Images that are drawn when they are first read, so that training need not wait for all of them. */
class SyntheticImages implements ImageDataset {
  readonly imageSize = IMAGE_SIZE;
  readonly labels: Uint32Array;
  readonly classNames: readonly string[] = CLASSES.map(({ name }) => name);
  readonly #pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly #images: MemoryImages;
  readonly #isDrawn: Uint8Array;

  constructor(
    readonly size: number,
    readonly seed: number,
    readonly stream: number,
  ) {
    this.labels = Uint32Array.from(
      { length: size },
      (_, i) => i % CLASSES.length,
    );
    this.#pixels = new Uint8ClampedArray(size * IMAGE_BYTES);
    this.#images = new MemoryImages(
      new Uint8Array(this.#pixels.buffer),
      IMAGE_SIZE,
    );
    this.#isDrawn = new Uint8Array(size);
  }

  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    for (let i = 0; i < indices.length; i++) this.#draw(indices[i]);
    return this.#images.read(indices);
  }

  #draw(i: number): void {
    if (this.#isDrawn[i]) return;
    const random = xoroshiro128plus(philox(this.seed, this.stream, i, 0));
    const uniform: Uniform = (low, high) =>
      low + (high - low) * uniformFloat32(random);
    const target = this.#pixels.subarray(
      i * IMAGE_BYTES,
      (i + 1) * IMAGE_BYTES,
    );
    drawImage(target, CLASSES[this.labels[i]].figure, uniform);
    this.#isDrawn[i] = 1;
  }

  close(): void {}
}
