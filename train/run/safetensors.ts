// Not a library: no maintained one on npm writes this format.
import { UserError } from "../../engine/user_error.ts";
import { type ByteSink, writeAll } from "../../datasets/files/atomic_file.ts";
import { refusePipe } from "../../datasets/files/read_file.ts";
import {
  DamagedFileError,
  decodeHeader,
  encodeHeader,
  type HeaderContents,
  isDType,
  LENGTH_BYTES,
  type StoredTensor,
  TYPED_ARRAYS,
} from "./safetensors_header.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/** A file checked to be whole; its tensors are not read yet. */
export interface SafetensorsFile extends HeaderContents {
  /** The file. */
  readonly path: string;
  /** Where the data begin, counted from the start of the file. */
  readonly dataOffset: number;
}

const MAX_HEADER_BYTES = 100_000_000;
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Writes tensors in the safetensors format, a few MiB at a time.
 *
 * @param sink Where the bytes go.
 * @param tensors The tensors by name.
 * @param metadata Text entries to store with them.
 * @throws {RangeError} A tensor has fewer or more values than its shape says.
 */
export async function writeSafetensors(
  sink: ByteSink,
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  // Wide elements first, so that every tensor starts at a multiple of its element size.
  const ordered = Object.entries(tensors).sort(([, a], [, b]) =>
    b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT
  );
  const header = encodeHeader(ordered, metadata);
  const length = new DataView(new ArrayBuffer(LENGTH_BYTES));
  length.setBigUint64(0, BigInt(header.length), true);
  await writeAll(sink, new Uint8Array(length.buffer));
  await writeAll(sink, header);
  for (const [, { data }] of ordered) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      await writeAll(sink, bytes.subarray(start, start + CHUNK_BYTES));
    }
  }
}

/**
 * Reads what a safetensors file holds and checks that all of it is there.
 *
 * @throws {DamagedFileError} The file is cut short, its header is not JSON of the right form, or
 * its tensors overlap, leave gaps or pass the end.
 * @throws {UserError} The file cannot be read.
 */
export function openSafetensors(path: string): Promise<SafetensorsFile> {
  return withFileErrors(`cannot read ${path}`, async () => {
    await refusePipe(path);
    using file = await Deno.open(path);
    const { size } = await file.stat();
    const prefix = await readExactly(path, file, 0, LENGTH_BYTES);
    const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
    if (length > MAX_HEADER_BYTES) {
      throw new DamagedFileError(
        `${path} is not a safetensors file: its header would take ${length} bytes`,
      );
    }
    const header = await readExactly(path, file, LENGTH_BYTES, length);
    const dataOffset = LENGTH_BYTES + length;
    const contents = decodeHeader(header, size - dataOffset, path);
    return { path, dataOffset, ...contents };
  });
}

/**
 * Reads one tensor of a file. Calls may run side by side: each opens the file for itself.
 *
 * @throws {DamagedFileError} It is of another dtype than F32, I32, U32 and U8, which are all that is
 * written here, or the file is cut short.
 * @throws {UserError} The file has no tensor of that name, or cannot be read.
 */
export async function readTensor(
  { path, dataOffset, tensors }: SafetensorsFile,
  name: string,
): Promise<StoredTensor> {
  const entry = tensors.get(name);
  if (!entry) throw new UserError(`${path} has no tensor named ${name}`);
  const { dtype, shape, offset, byteLength } = entry;
  if (!isDType(dtype)) {
    throw new DamagedFileError(
      `${path} is damaged: tensor ${name} is of type ${dtype}, not F32, I32, U32 or U8`,
    );
  }
  return await withFileErrors(`cannot read ${path}`, async () => {
    using file = await Deno.open(path);
    const start = dataOffset + offset;
    const bytes = await readExactly(path, file, start, byteLength);
    return { shape, data: new TYPED_ARRAYS[dtype](bytes.buffer) };
  });
}

/**
 * Reads all tensors of a file.
 *
 * @returns The tensors by name, in the order of their bytes.
 * @throws {DamagedFileError} As {@linkcode readTensor}.
 * @throws {UserError} The file cannot be read.
 */
export async function readTensors(
  file: SafetensorsFile,
): Promise<Record<string, StoredTensor>> {
  const tensors: Record<string, StoredTensor> = {};
  for (const name of file.tensors.keys()) {
    tensors[name] = await readTensor(file, name);
  }
  return tensors;
}

async function readExactly(
  path: string,
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) {
      throw new DamagedFileError(
        `${path} is cut short: it ends at byte ${offset + filled} ` +
          `where ${length - filled} more should follow`,
      );
    }
    filled += count;
  }
  return bytes;
}
