import { createHash } from "node:crypto";
import { basename } from "node:path";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { UserError } from "../engine/user_error.ts";
import type { DownloadProgress, ProgressListener } from "./dataset.ts";
import { openAlone, writeAll } from "./files/atomic_file.ts";
import { printable } from "./files/printable.ts";
import { withFileErrors } from "./files/system_error.ts";

/** Bytes that are read from a file at a time. */
const READ_BYTES = 2 ** 16;

/** An archive on the network. */
export interface Archive {
  /** Address of a `.tar.gz`. */
  readonly url: string;
  /** Its MD5 in lower-case hexadecimal, as its publisher gives it. */
  readonly md5: string;
}

/**
 * Fetches an archive, checks it and puts the files in it, without their folders, into the new folder
 * `parent/name`, which appears when it is complete. The archive lies beside that folder with the
 * ending `.part` until it is unpacked; what an interrupted call has fetched is not fetched again. Where
 * another process is fetching it, says so and waits; what that one has unpacked is not fetched.
 *
 * @throws {UserError} When the server is out of reach or refuses, when the archive differs from its
 * MD5 (it is then removed), and when `parent` may not be written or holds `name` already.
 */
export function downloadArchive(
  archive: Archive,
  parent: string,
  name: string,
  onProgress: ProgressListener,
): Promise<void> {
  const folder = `${parent}/${name}`;
  const part = partOf(archive, parent);
  return withFileErrors(`cannot write to ${parent}`, async () => {
    await Deno.mkdir(parent, { recursive: true });
    if (await sizeIfPresent(folder) !== undefined) {
      throw new UserError(
        `${folder} exists but is incomplete; remove it and download again`,
      );
    }
    using file = await openAlone(part, () => {
      console.warn(
        `data: another process is fetching ${printable(part)}; waiting for it`,
      );
    });
    const isUnpacked = await sizeIfPresent(folder) !== undefined;
    if (!isUnpacked) {
      await fetchRest(archive.url, file, part, onProgress);
      await check(archive, file, part, onProgress);
      await unpack(file, part, folder, onProgress);
    }
    await removeIfPresent(part);
  });
}

/**
 * Removes what is left of an archive where {@linkcode downloadArchive} was killed after it had unpacked it.
 *
 * @throws {UserError} `parent` may not be written.
 */
export function discardArchive(
  archive: Archive,
  parent: string,
): Promise<void> {
  const part = partOf(archive, parent);
  return withFileErrors(`cannot remove ${part}`, () => removeIfPresent(part));
}

function partOf({ url }: Archive, parent: string): string {
  return `${parent}/${basename(new URL(url).pathname)}.part`;
}

/** Adds to a file what it still lacks of the archive at `url`; one that stays empty is removed. */
async function fetchRest(
  url: string,
  file: Deno.FsFile,
  part: string,
  onProgress: ProgressListener,
): Promise<void> {
  const { size: present } = await file.stat();
  try {
    const response = await fetch(url, {
      headers: {
        "accept-encoding": "identity",
        ...(present > 0 && { range: `bytes=${present}-` }),
      },
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      // Nothing lies beyond the bytes present; whether they are the archive is for its MD5 to say.
      if (response.status === 416) return;
      throw new UserError(
        `${url} answered ${response.status} ${response.statusText}; try later`,
      );
    }
    // A server that cannot resume answers 200 and sends everything.
    const resumed = response.status === 206;
    const start = resumed ? present : 0;
    const length = Number(response.headers.get("content-length"));
    const total = length > 0 ? start + length : undefined;
    if (!resumed) await file.truncate();
    await file.seek(0, Deno.SeekMode.End);
    await write(
      response.body.pipeThrough(
        reportBytes("downloading", onProgress, start, total),
      ),
      file,
    );
  } catch (error) {
    const { size } = await file.stat();
    if (size === 0) await removeIfPresent(part);
    if (error instanceof Deno.errors.NotCapable) {
      const { host } = new URL(url);
      throw new UserError(
        `cannot fetch ${url}: Deno was not given permission; run again with --allow-net=${host}`,
      );
    }
    if (error instanceof TypeError) {
      throw new UserError(
        `cannot fetch ${url}: ${error.message}; check the connection and run again, ` +
          `which continues where it broke off`,
      );
    }
    throw error;
  }
}

/** Removes a file and throws if it is not the archive. */
async function check(
  archive: Archive,
  file: Deno.FsFile,
  part: string,
  onProgress: ProgressListener,
): Promise<void> {
  const hash = createHash("md5");
  for await (const chunk of await readReporting(file, "checking", onProgress)) {
    hash.update(chunk);
  }
  const md5 = hash.digest("hex");
  if (md5 !== archive.md5) {
    await Deno.remove(part);
    throw new UserError(
      `${archive.url} gave a file with MD5 ${md5} instead of ${archive.md5}, which was removed; ` +
        `download again`,
    );
  }
}

/** Unpacks the regular files of a `.tar.gz` into a folder that appears when all are written. */
async function unpack(
  file: Deno.FsFile,
  part: string,
  folder: string,
  onProgress: ProgressListener,
): Promise<void> {
  const temporary = `${folder}.part`;
  if (await sizeIfPresent(temporary) !== undefined) {
    await Deno.remove(temporary, { recursive: true });
  }
  await Deno.mkdir(temporary);
  const archive = await readReporting(file, "unpacking", onProgress);
  for await (const { header, body } of entriesOf(archive, part, folder)) {
    if (header.type !== "file") {
      await body.cancel();
      continue;
    }
    const path = `${temporary}/${basename(header.name)}`;
    using file = await Deno.open(path, { write: true, createNew: true });
    await write(body, file);
    await file.sync();
  }
  await Deno.rename(temporary, folder);
}

/** What is in a `.tar.gz`; the decoder's refusal becomes a sentence. */
async function* entriesOf(
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
  part: string,
  folder: string,
): AsyncGenerator<ParsedTarEntry> {
  try {
    yield* archive.pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(createTarDecoder());
  } catch (error) {
    // the system's errors have codes and sentences of their own
    if (!(error instanceof Error) || "code" in error) throw error;
    throw new UserError(
      `cannot unpack ${part}: ${error.message.replace(/\.$/, "")}; ` +
        `put the files that are in it into the folder ${folder} yourself`,
      { cause: error },
    );
  }
}

/** Unlike `file.writable`, which holds bytes back, keeps all that came before a stream breaks off. */
async function write(
  stream: ReadableStream<Uint8Array>,
  file: Deno.FsFile,
): Promise<void> {
  for await (const chunk of stream) await writeAll(file, chunk);
}

async function readReporting(
  file: Deno.FsFile,
  stage: DownloadProgress["stage"],
  onProgress: ProgressListener,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { size } = await file.stat();
  return ReadableStream.from(contentsOf(file))
    .pipeThrough(reportBytes(stage, onProgress, 0, size));
}

/** Reads a file from its start. Unlike `file.readable`, leaves it open, and others locked out. */
async function* contentsOf(
  file: Deno.FsFile,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  await file.seek(0, Deno.SeekMode.Start);
  while (true) {
    const chunk = new Uint8Array(READ_BYTES);
    const count = await file.read(chunk);
    if (count === null) return;
    yield chunk.subarray(0, count);
  }
}

function reportBytes(
  stage: DownloadProgress["stage"],
  onProgress: ProgressListener,
  start: number,
  total: number | undefined,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let done = start;
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      onProgress({ stage, done, total });
      controller.enqueue(chunk);
    },
  });
}

async function sizeIfPresent(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function removeIfPresent(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
