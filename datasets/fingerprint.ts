import { sha256 } from "./files/digest.ts";
import { letSignalsThrough } from "./let_signals_through.ts";

/** What identifies a data set's files wherever they lie: digests, each SHA-256 in hexadecimal. */
export interface Fingerprint {
  /** Number of files. */
  readonly files: number;
  /** Digest of their names. */
  readonly names: string;
  /** Digest of their sizes: of all of them up to 10,000 files, else of as many. */
  readonly sizes: string;
  /** Digest of parts of some of them. */
  readonly contents: string;
  /** Digest of all this for files to measure with, not to pretrain on; absent where there are none. */
  readonly measuring?: string;
}

/** Files whose size is looked at, at most. */
const MAX_SIZES = 10_000;
/** Files that are looked at at a time. */
const LOOKED_AT_A_TIME = 1000;
/** Files that are looked into, at most. */
const MAX_OPENED = 64;
/** Parts of a file that are read, at most, and how long each is. */
const MAX_PARTS = 16;
const PART_BYTES = 4096;

/**
 * Identifies files in well under a second, however many and large they are: by their names, their
 * sizes, and samples of their contents. Those that cannot be read, such as links to nothing, count as
 * files without contents.
 *
 * @param folder The folder that the names are relative to.
 * @param names Paths of the files, in any order.
 * @param measuring Paths of files that are measured with, but not pretrained on.
 */
export async function fingerprintFiles(
  folder: string,
  names: readonly string[],
  measuring: readonly string[] = [],
): Promise<Fingerprint> {
  const sorted = names.toSorted();
  const sizes = await forSome(folder, sorted, MAX_SIZES, sizeOf);
  const samples = await forSome(folder, sorted, MAX_OPENED, sample);
  const fingerprint = {
    files: sorted.length,
    names: await sha256(sorted.join("\n")),
    sizes: await sha256(sizes.join("\n")),
    contents: await sha256(await new Blob(samples).bytes()),
  };
  if (measuring.length === 0) return fingerprint;
  const others = await fingerprintFiles(folder, measuring);
  return { ...fingerprint, measuring: await sha256(JSON.stringify(others)) };
}

/** Looks at files that are evenly spread over all. */
async function forSome<T>(
  folder: string,
  names: readonly string[],
  most: number,
  look: (path: string) => T,
): Promise<T[]> {
  const found: T[] = [];
  for (const i of evenly(names.length, most)) {
    // asynchronous calls would take ten times as long
    found.push(look(`${folder}/${names[i]}`));
    if (found.length % LOOKED_AT_A_TIME === 0) await letSignalsThrough();
  }
  return found;
}

/** The size of a file; -1 where it cannot be read. */
function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return -1;
  }
}

/**
 * Parts that are evenly spread over a file; all of it where it is small, nothing of what is not a
 * file or cannot be read.
 */
function sample(path: string): Blob {
  try {
    // opening a pipe would wait for somebody to write into it
    if (!Deno.statSync(path).isFile) return new Blob();
    using file = Deno.openSync(path);
    const { size } = file.statSync();
    const parts = evenly(Math.ceil(size / PART_BYTES), MAX_PARTS)
      .map((part) => {
        const bytes = new Uint8Array(PART_BYTES);
        file.seekSync(part * PART_BYTES, Deno.SeekMode.Start);
        return bytes.subarray(0, file.readSync(bytes) ?? 0);
      });
    return new Blob(parts);
  } catch {
    return new Blob();
  }
}

/** Indices below `count`, `most` of them at most. */
function evenly(count: number, most: number): number[] {
  const chosen = Math.min(count, most);
  return Array.from(
    { length: chosen },
    (_, i) => Math.floor(i * count / chosen),
  );
}
