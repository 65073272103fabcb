import { crc32 } from "node:zlib";
import { z } from "zod";
import type { FileStamp } from "./file_stamps.ts";
import { readFully } from "./files/read_file.ts";

/** What a cache holds images of. */
export interface CacheHeader {
  /** Height and width of the images in pixels. */
  readonly imageSize: number;
  /** The files in the order of the images. */
  readonly files: readonly FileStamp[];
}

/** Begins every cache. Another number stands for another format or another way of decoding. */
const MAGIC = new TextEncoder().encode("DV2 images 3\n\0\0\0");
/** The magic, the bytes of the JSON after it (u32), and their checksum (u32). */
const PREFIX_BYTES = MAGIC.length + 8;

const headerSchema = z.strictObject({
  imageSize: z.int().positive(),
  files: z.array(z.tuple([z.string(), z.number(), z.number()])),
});

/** What a cache begins with. */
export function encodeHeader(header: CacheHeader): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(PREFIX_BYTES + json.length);
  const numbers = Uint32Array.of(json.length, crc32(json));
  bytes.set(MAGIC);
  bytes.set(new Uint8Array(numbers.buffer), MAGIC.length);
  bytes.set(json, PREFIX_BYTES);
  return bytes;
}

/** A header, and how many bytes it takes in the file. */
export interface ReadHeader {
  /** What it says. */
  readonly header: CacheHeader;
  /** Its bytes with all that is around it. */
  readonly byteLength: number;
}

/** Reads what a cache begins with; `undefined` where it is damaged or of another format. */
export async function readHeader(
  file: Deno.FsFile,
): Promise<ReadHeader | undefined> {
  const prefix = new Uint8Array(PREFIX_BYTES);
  if (!await readFully(file, prefix)) return undefined;
  const [length, checksum] = new Uint32Array(prefix.buffer, MAGIC.length, 2);
  const { size } = await file.stat();
  const isOurs = MAGIC.every((byte, i) => prefix[i] === byte);
  if (!isOurs || length > size) return undefined;
  const json = new Uint8Array(length);
  if (!await readFully(file, json) || crc32(json) !== checksum) {
    return undefined;
  }
  try {
    const text = new TextDecoder().decode(json);
    const header = headerSchema.parse(JSON.parse(text));
    return { header, byteLength: PREFIX_BYTES + length };
  } catch {
    // not a header, or nothing, whose checksum is 0
    return undefined;
  }
}
