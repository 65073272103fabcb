import { z } from "zod";
import type { DatasetSplits } from "./dataset.ts";
import { MemoryImages } from "./memory_images.ts";
import { SHAPES, TEXTURES } from "./synthetic_figures.ts";
import { type Figure, drawImage, IMAGE_SIZE } from "./synthetic_image.ts";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { philox } from "../engine/ops/random.ts";

const CLASSES: { name: string; figure: Figure }[] = Object.entries(TEXTURES).flatMap(([adjective, texture]) =>
  Object.entries(SHAPES).map(([noun, shape]) => ({ name: `${adjective} ${noun}`, figure: { shape, texture } }))
);
const CLASS_NAMES = CLASSES.map(({ name }) => name);

/** Random streams that keep images of the two splits apart. */
const TRAIN_STREAM = 0x74726169;
const TEST_STREAM = 0x74657374;

/** How many images to make. */
export interface SyntheticOptions {
  /** Tells the kinds of data set apart. */
  name: "synthetic";
  /** Number of images for training, 1 to 100000. */
  trainSize: number;
  /** Number of images for testing, 1 to 100000. */
  testSize: number;
  /** Seed of the images, an unsigned 32-bit integer. */
  seed: number;
}

/**
 * Accepts {@linkcode SyntheticOptions}.
 *
 * @internal
 */
export const schema = z.strictObject({
  name: z.literal("synthetic"),
  trainSize: z.int().min(1).max(100_000).default(4000),
  testSize: z.int().min(1).max(100_000).default(1000),
  seed: z.uint32().default(0),
}) satisfies z.ZodType<SyntheticOptions>;

/**
 * Makes 32x32 images of 10 equally frequent classes, each a shape with a texture, in varying
 * places, sizes, directions and colours before varying backgrounds. Image `i` of a split depends on
 * the seed and `i` alone. The training images are the unlabelled ones too.
 */
export function open(options: SyntheticOptions): Promise<DatasetSplits> {
  const train = make(options.trainSize, options.seed, TRAIN_STREAM);
  const test = make(options.testSize, options.seed, TEST_STREAM);
  return Promise.resolve({ unlabelled: train, train, test });
}

function make(size: number, seed: number, stream: number): MemoryImages {
  const imageBytes = 3 * IMAGE_SIZE * IMAGE_SIZE;
  const pixels = new Uint8Array(size * imageBytes);
  const labels = Uint8Array.from({ length: size }, (_, i) => i % CLASS_NAMES.length);
  for (let i = 0; i < size; i++) {
    const random = xoroshiro128plus(philox(seed, stream, i, 0));
    drawImage(pixels.subarray(i * imageBytes, (i + 1) * imageBytes), CLASSES[labels[i]].figure, random);
  }
  return new MemoryImages(pixels, IMAGE_SIZE, labels, CLASS_NAMES);
}
