// A format of our own: each image can be found, checked and added without touching the rest.
import { basename, dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import { UserError } from "../engine/user_error.ts";
import type { ImageDataset, OpenOptions } from "./dataset.ts";
import type { FileStamp } from "./file_stamps.ts";
import { UNFINISHED_SUFFIX, writeAll } from "./files/atomic_file.ts";
import { listFolder, makeFolder } from "./files/folders.ts";
import { readFully } from "./files/read_file.ts";
import { withFileErrors } from "./files/system_error.ts";
import {
  type CacheHeader,
  encodeHeader,
  readHeader,
} from "./image_cache_header.ts";
import { letSignalsThrough } from "./let_signals_through.ts";

/** Images that are taken over from an earlier cache at a time. */
const TAKEN_AT_A_TIME = 100;

/** A cache cannot be made or filled; the images can be had without it. */
export class CacheError extends UserError {
  /** The name of this class. */
  override name = "CacheError";
}

/** A cache and what its header says. */
interface FoundCache {
  readonly cache: ImageCache;
  readonly header: CacheHeader;
}

/**
 * Decoded images of a folder's files, in one file that may be deleted at any time:
 *
 *     the header
 *     a checksum for each image (u32, and again with all bits inverted), zeros where it is not there
 *     the images, [3, imageSize, imageSize] bytes each
 *
 * An image is written before its checksum and checked whenever it is read, and a checksum of which a
 * part was written counts for none, so that a cache can be used whenever the program that fills it dies.
 */
export class ImageCache implements ImageDataset {
  readonly size: number;
  /** Names of the files that have changed since an earlier opening; their images are not there. */
  readonly changed: string[] = [];
  readonly #imageBytes: number;
  #isOpen = true;

  private constructor(
    /** Where it lies. */
    readonly path: string,
    readonly imageSize: number,
    private readonly file: Deno.FsFile,
    private readonly tableStart: number,
    private readonly table: Uint32Array<ArrayBuffer>,
  ) {
    this.size = table.length / 2;
    this.#imageBytes = 3 * imageSize ** 2;
  }

  /**
   * Opens the cache of a folder's files at one size, or makes it. Images of files that are as they
   * were are in it if they were before.
   *
   * @param folder Where caches lie; made where it does not exist.
   * @param source The folder of the files, whose name is part of the cache's.
   * @param onLookedUp Called now and then while images are taken over from a cache of other files.
   * @throws {CacheError} It cannot be read or written.
   */
  static async open(
    folder: string,
    source: string,
    header: CacheHeader,
    onLookedUp?: OpenOptions["onLookedUp"],
  ): Promise<ImageCache> {
    return await withCacheErrors(
      `cannot use the folder ${folder}`,
      async () => {
        const path = `${folder}/${await nameOf(source, header.imageSize)}`;
        await makeFolder(folder);
        const found = await ImageCache.#find(path);
        if (found && isDeepStrictEqual(found.header, header)) {
          return found
            .cache;
        }
        try {
          return await ImageCache.#make(path, header, found, onLookedUp);
        } finally {
          found?.cache.close();
        }
      },
    );
  }

  /** Bytes of the whole file. */
  get bytes(): number {
    return this.#startOf(this.size);
  }

  /** Whether an image is there. */
  has(image: number): boolean {
    return this.table[2 * image + 1] === ~this.table[2 * image] >>> 0;
  }

  /**
   * Adds an image, `[3, imageSize, imageSize]`.
   *
   * @throws {CacheError} It cannot be written.
   */
  write(image: number, pixels: Uint8Array): Promise<void> {
    return withCacheErrors(`cannot write ${this.path}`, () => {
      const checksum = crc32(pixels);
      const entry = Uint32Array.of(checksum, ~checksum);
      writeAt(this.file, this.#startOf(image), pixels);
      const bytes = new Uint8Array(entry.buffer);
      writeAt(this.file, this.tableStart + image * bytes.length, bytes);
      this.table.set(entry, 2 * image);
      return Promise.resolve();
    });
  }

  /** Reads in this thread: handing small reads to another and back takes longer than they do. */
  read(indices: ArrayLike<number>): Promise<Uint8Array<ArrayBuffer>> {
    return withFileErrors(`cannot read ${this.path}`, () => {
      const batch = new Uint8Array(indices.length * this.#imageBytes);
      for (let i = 0; i < indices.length; i++) {
        const start = i * this.#imageBytes;
        const pixels = batch.subarray(start, start + this.#imageBytes);
        const isWhole = readAt(this.file, this.#startOf(indices[i]), pixels);
        if (!isWhole || crc32(pixels) !== this.table[2 * indices[i]]) {
          throw new UserError(
            `${this.path} has been damaged; delete it and start again`,
          );
        }
      }
      return Promise.resolve(batch);
    });
  }

  close(): void {
    if (this.#isOpen) this.file.close();
    this.#isOpen = false;
  }

  /** The cache that lies at `path`; `undefined` where there is none or it is damaged. */
  static async #find(path: string): Promise<FoundCache | undefined> {
    const file = await openIfPresent(path);
    if (!file) return undefined;
    const read = await readHeader(file);
    if (read) {
      const { header, byteLength } = read;
      const table = new Uint32Array(2 * header.files.length);
      const isWhole = await readFully(file, new Uint8Array(table.buffer));
      const { imageSize } = header;
      const parts = [file, byteLength, table] as const;
      const cache = new ImageCache(path, imageSize, ...parts);
      const { size } = await file.stat();
      if (isWhole && size === cache.bytes) return { cache, header };
    }
    file.close();
    return undefined;
  }

  /** Makes a cache with those images of another that are still right. */
  static async #make(
    path: string,
    header: CacheHeader,
    old?: FoundCache,
    onLookedUp?: OpenOptions["onLookedUp"],
  ): Promise<ImageCache> {
    await removeLeftovers(path);
    // another program may be making it too
    const unfinished = `${path}.${Deno.pid}${UNFINISHED_SUFFIX}`;
    const start = encodeHeader(header);
    const cache = new ImageCache(
      path,
      header.imageSize,
      await Deno.open(unfinished, {
        read: true,
        write: true,
        create: true,
        truncate: true,
      }),
      start.length,
      new Uint32Array(2 * header.files.length),
    );
    try {
      // some network file systems have no locks; nobody removes it there
      await cache.file.lock(true).catch(() => {});
      await writeAll(cache.file, start);
      await cache.file.truncate(cache.bytes);
      if (old) await cache.#takeOver(header.files, old, onLookedUp);
      await Deno.rename(unfinished, path);
      await cache.file.unlock().catch(() => {});
      return cache;
    } catch (error) {
      cache.close();
      await Deno.remove(unfinished).catch(() => {});
      throw error;
    }
  }

  async #takeOver(
    files: readonly FileStamp[],
    { cache, header }: FoundCache,
    onLookedUp?: OpenOptions["onLookedUp"],
  ): Promise<void> {
    const positions = new Map(
      header.files.map((stamp, i) => [JSON.stringify(stamp), i]),
    );
    const names = new Set(header.files.map(([name]) => name));
    for (const [image, stamp] of files.entries()) {
      if (image % TAKEN_AT_A_TIME === 0) {
        await letSignalsThrough();
        onLookedUp?.(image, files.length);
      }
      const position = positions.get(JSON.stringify(stamp));
      if (position === undefined && names.has(stamp[0])) {
        this.changed.push(stamp[0]);
      }
      if (position === undefined || !cache.has(position)) continue;
      // what cannot be read is decoded again
      const pixels = await cache.read([position]).catch(() => undefined);
      if (pixels) await this.write(image, pixels);
    }
    onLookedUp?.(files.length, files.length);
  }

  #startOf(image: number): number {
    return this.tableStart + this.table.byteLength +
      image * this.#imageBytes;
  }
}

/**
 * Removes what programs have left that were killed while they made a cache; those that live have it
 * locked. Without locks nobody knows which live, and everything stays.
 */
async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await listFolder(folder)) {
    const isUnfinished = name.startsWith(`${basename(path)}.`) &&
      name.endsWith(UNFINISHED_SUFFIX);
    if (!isUnfinished) continue;
    try {
      using file = await Deno.open(`${folder}/${name}`, { write: true });
      const isLeft = await file.tryLock(true).catch(() => false);
      if (isLeft) await Deno.remove(`${folder}/${name}`);
    } catch (error) {
      // another program has finished or removed it meanwhile
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function writeAt(file: Deno.FsFile, start: number, bytes: Uint8Array): void {
  file.seekSync(start, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}

/** Fills a buffer; returns whether there was enough. */
function readAt(file: Deno.FsFile, start: number, buffer: Uint8Array): boolean {
  file.seekSync(start, Deno.SeekMode.Start);
  for (let filled = 0; filled < buffer.length;) {
    const count = file.readSync(buffer.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}

/** A name by which the folder can be recognised, and that no other folder has. */
async function nameOf(source: string, imageSize: number): Promise<string> {
  const path = await Deno.realPath(source);
  const digest = crc32(path).toString(16).padStart(8, "0");
  return `${basename(path).slice(0, 40)}-${imageSize}-${digest}.images`;
}

async function openIfPresent(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function withCacheErrors<T>(
  what: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await withFileErrors(what, operation);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    throw new CacheError(cause.message, { cause });
  }
}
