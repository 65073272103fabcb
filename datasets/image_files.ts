import { UserError } from "../engine/user_error.ts";
import type { ImageDataset } from "./dataset.ts";
import { ImageDecoder } from "./image_decoder.ts";
import { MemoryImages } from "./memory_images.ts";

/** Decoded images up to this many bytes stay in memory. */
const MEMORY_BYTES = 2 ** 30;

/** Failures told one by one; of further ones only the number. */
const FAILURES_TOLD = 5;

/** Image files and what is known of them. */
export interface ImageFileList {
  /** Paths of the files. */
  readonly paths: readonly string[];
  /** Class of each file. */
  readonly labels?: Uint8Array;
  /** Names of the classes. */
  readonly classNames?: readonly string[];
}

/**
 * Opens the images of those files that can be decoded; the others are named on stderr. To know
 * them, every file is decoded once. The images stay in memory if those of all files fit in
 * `memoryBytes`; if not, each read decodes anew.
 *
 * @throws {UserError} When no file can be decoded or the decoder cannot run.
 */
export async function openImageFiles(
  files: ImageFileList,
  imageSize: number,
  memoryBytes: number = MEMORY_BYTES,
): Promise<ImageDataset> {
  const { paths, labels: allLabels, classNames } = files;
  const imageBytes = 3 * imageSize * imageSize;
  const inMemory = paths.length * imageBytes <= memoryBytes;
  const pixels = new Uint8Array(inMemory ? paths.length * imageBytes : 0);
  const failures = new Map<number, string>();
  using decoder = new ImageDecoder(imageSize);
  await decoder.decode(paths, (position, reply) => {
    if ("error" in reply) failures.set(position, reply.error);
    else if (inMemory) pixels.set(reply.pixels, position * imageBytes);
  });
  reportFailures(paths, failures);
  const positions = [...paths.keys()].filter((position) =>
    !failures.has(position)
  );
  const labels = allLabels &&
    Uint8Array.from(positions, (position) => allLabels[position]);
  if (!inMemory) {
    const kept = positions.map((position) => paths[position]);
    return new ImageFiles(kept, imageSize, labels, classNames);
  }
  for (const [image, position] of positions.entries()) {
    pixels.copyWithin(
      image * imageBytes,
      position * imageBytes,
      (position + 1) * imageBytes,
    );
  }
  const kept = pixels.subarray(0, positions.length * imageBytes);
  return new MemoryImages(kept, imageSize, labels, classNames);
}

function reportFailures(
  paths: readonly string[],
  failures: ReadonlyMap<number, string>,
): void {
  const told = [...failures].sort(([a], [b]) => a - b).slice(0, FAILURES_TOLD)
    .map(([position, error]) => `${paths[position]} (${error})`);
  if (failures.size === paths.length) {
    throw new UserError(
      `none of the ${paths.length} image files can be read: ${told[0]}`,
    );
  }
  for (const failure of told) console.warn(`skipping ${failure}`);
  const untold = failures.size - told.length;
  if (untold > 0) {
    console.warn(`skipping ${untold} more files that cannot be read`);
  }
}

/** Images that are decoded at every read. */
class ImageFiles implements ImageDataset {
  readonly size: number;
  readonly #decoder: ImageDecoder;

  constructor(
    private readonly paths: readonly string[],
    readonly imageSize: number,
    readonly labels?: Uint8Array,
    readonly classNames?: readonly string[],
  ) {
    this.size = paths.length;
    this.#decoder = new ImageDecoder(imageSize);
  }

  async read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    const imageBytes = 3 * this.imageSize ** 2;
    const batch = new Uint8Array(indices.length * imageBytes);
    const paths = Array.from(indices, (index) => this.paths[index]);
    await this.#decoder.decode(paths, (position, reply) => {
      if ("error" in reply) {
        throw new UserError(
          `${
            paths[position]
          } could be read when the data set was opened but not any more: ` +
            `${reply.error}; put it back, or start again`,
        );
      }
      batch.set(reply.pixels, position * imageBytes);
    });
    return batch;
  }

  close(): void {
    this.#decoder.close();
  }
}
