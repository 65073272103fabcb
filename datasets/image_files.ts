import { UserError } from "../engine/user_error.ts";
import { counted } from "./counted.ts";
import type { ImageDataset, OpenOptions } from "./dataset.ts";
import { stampsOf } from "./file_stamps.ts";
import { writeTextAtomically } from "./files/atomic_file.ts";
import { mebibytes } from "./files/mebibytes.ts";
import { printable } from "./files/printable.ts";
import { CacheError, ImageCache } from "./image_cache.ts";
import { ImageDecoder } from "./image_decoder.ts";
import { MemoryImages } from "./memory_images.ts";

/** Without a cache, decoded images up to this many bytes stay in memory. */
const MAX_MEMORY_BYTES = 2 ** 30;

/** A cache of at least this many bytes is announced, with its size, before it is made. */
const LARGE_CACHE_BYTES = 100 * 2 ** 20;

/** Failures that are named one by one; further ones are counted. */
const MAX_FAILURES_NAMED = 5;

/** Image files that have been decoded once. */
export interface OpenedImages {
  /** An image for each file. */
  readonly images: ImageDataset;
  /** The positions of those that can be read. */
  readonly readable: ReadonlySet<number>;
}

/** Decodes the files at some positions, and hands over their images. */
type Decode = (
  positions: readonly number[],
  keep: (position: number, pixels: Uint8Array) => void | Promise<void>,
) => Promise<void>;

/**
 * Opens image files. To know which can be decoded, every file is decoded once; the others are named
 * on stderr. With a cache, that is where images are read from, and only files are decoded that are
 * not in it. Without one, or where it cannot be used, they stay in memory if those of all files fit
 * in `memoryBytes`; if not, each read decodes anew.
 *
 * @param folder What the names of the files are relative to.
 * @throws {UserError} When no file can be decoded or the decoder cannot run.
 */
export async function openImageFiles(
  folder: string,
  files: readonly string[],
  imageSize: number,
  { cache, onDecoded, onLookedUp }: OpenOptions = {},
  memoryBytes: number = MAX_MEMORY_BYTES,
): Promise<OpenedImages> {
  const paths = files.map((file) => `${folder}/${file}`);
  const failures = new Map<number, string>();
  const decode: Decode = async (positions, keep) => {
    failures.clear();
    if (positions.length === 0) return;
    let done = 0;
    using decoder = new ImageDecoder(imageSize);
    const requests = positions.map((position) => paths[position]);
    await decoder.decode(requests, async (i, reply) => {
      if ("error" in reply) failures.set(positions[i], reply.error);
      else await keep(positions[i], reply.pixels);
      onDecoded?.(++done, positions.length);
    });
  };
  const kept = cache === undefined
    ? undefined
    : await openCached(cache, folder, files, imageSize, decode, onLookedUp);
  const images = kept ??
    await openUncached(paths, imageSize, decode, memoryBytes);
  try {
    await reportFailures(paths, failures, kept?.path);
  } catch (error) {
    images.close();
    if (kept) await Deno.remove(kept.path).catch(() => {});
    throw error;
  }
  const positions = paths.keys().filter((position) => !failures.has(position));
  return { images, readable: new Set(positions) };
}

/** Opens a cache and adds what is not in it; `undefined` where it cannot be used. */
async function openCached(
  cache: string,
  folder: string,
  files: readonly string[],
  imageSize: number,
  decode: Decode,
  onLookedUp: OpenOptions["onLookedUp"],
): Promise<ImageCache | undefined> {
  let images: ImageCache | undefined;
  try {
    const stamps = await stampsOf(folder, files);
    const header = { imageSize, files: stamps };
    images = await ImageCache.open(cache, folder, header, onLookedUp);
    const { path, bytes, changed: [first, ...more] } = images;
    if (first !== undefined) {
      console.warn(
        `data: changed since it was decoded: ${printable(first)}` +
          (more.length > 0 ? `, and ${more.length} more` : ""),
      );
    }
    const missing = [...files.keys()].filter((image) => !images!.has(image));
    if (missing.length === files.length && bytes >= LARGE_CACHE_BYTES) {
      console.warn(
        `data: decoded pictures are kept in ${path} (${mebibytes(bytes)}), ` +
          `which may be deleted at any time`,
      );
    }
    await decode(missing, (image, pixels) => images!.write(image, pixels));
    return images;
  } catch (error) {
    images?.close();
    if (!(error instanceof CacheError)) throw error;
    if (images) await Deno.remove(images.path).catch(() => {});
    console.warn(`data: decoded pictures are not kept: ${error.message}`);
    return undefined;
  }
}

async function openUncached(
  paths: readonly string[],
  imageSize: number,
  decode: Decode,
  memoryBytes: number,
): Promise<ImageDataset> {
  const imageBytes = 3 * imageSize ** 2;
  const bytes = paths.length * imageBytes;
  const inMemory = bytes <= memoryBytes;
  const pixels = new Uint8Array(inMemory ? bytes : 0);
  await decode([...paths.keys()], (position, image) => {
    if (inMemory) pixels.set(image, position * imageBytes);
  });
  return inMemory
    ? new MemoryImages(pixels, imageSize)
    : new ImageFiles(paths, imageSize);
}

/**
 * Names the first files that cannot be read, and counts the others, of which there is a list beside
 * the cache.
 */
async function reportFailures(
  paths: readonly string[],
  failures: ReadonlyMap<number, string>,
  cachePath?: string,
): Promise<void> {
  const lines = [...failures].sort(([a], [b]) => a - b)
    .map(([position, error]) => `${printable(paths[position])} (${error})`);
  if (failures.size === paths.length) {
    throw new UserError(
      `no picture can be read of ${paths.length}, such as ${lines[0]}`,
    );
  }
  for (const line of lines.slice(0, MAX_FAILURES_NAMED)) {
    console.warn(`skipping ${line}`);
  }
  const unnamed = lines.length - MAX_FAILURES_NAMED;
  if (unnamed <= 0) return;
  const list = cachePath?.replace(/\.images$/, ".skipped.txt");
  if (list) await writeTextAtomically(list, lines.join("\n") + "\n");
  console.warn(
    `skipping ${counted(unnamed, "more file")} that cannot be read` +
      (list ? `; all are in ${list}` : ""),
  );
}

/** Images that are decoded at every read. */
class ImageFiles implements ImageDataset {
  readonly size: number;
  readonly #decoder: ImageDecoder;

  constructor(
    private readonly paths: readonly string[],
    readonly imageSize: number,
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
            printable(paths[position])
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
