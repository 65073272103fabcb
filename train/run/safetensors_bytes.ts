import {
  DamagedFileError,
  decodeHeader,
  encodeHeader,
  isDType,
  LENGTH_BYTES,
  type StoredTensor,
  TYPED_ARRAYS,
} from "./safetensors_header.ts";

/** What a safetensors file holds, in memory. */
export interface SafetensorsContents {
  /** The file's own text entries (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by name. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
}

/**
 * Encodes a safetensors file in memory.
 *
 * @throws {RangeError} if a tensor has fewer or more values than its shape says.
 */
export function encodeSafetensors(
  { metadata, tensors }: SafetensorsContents,
): Uint8Array<ArrayBuffer> {
  // wide elements first, so that every tensor starts at a multiple of its element size
  const ordered = Object.entries(tensors).sort(([, a], [, b]) =>
    b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT
  );
  const header = encodeHeader(ordered, metadata);
  let offset = LENGTH_BYTES + header.length;
  const size = ordered.reduce(
    (sum, [, { data }]) => sum + data.byteLength,
    offset,
  );
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  for (const [, { data }] of ordered) {
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      offset,
    );
    offset += data.byteLength;
  }
  return bytes;
}

/** Whether a file begins as a safetensors file does, whole or not: with the header's length and a brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > LENGTH_BYTES && headerLengthOf(bytes) >= 2 &&
    bytes[LENGTH_BYTES] === "{".charCodeAt(0);
}

function headerLengthOf({ buffer, byteOffset }: Uint8Array): number {
  return Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
}

/**
 * Decodes a safetensors file in memory; the tensors are copies. Those of other dtypes than F32,
 * I32, U32 and U8 are left out.
 *
 * @param name Names the file in errors.
 * @throws {DamagedFileError} if it is cut short, damaged or of another format.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name: string,
): SafetensorsContents {
  if (!isSafetensors(bytes)) {
    throw new DamagedFileError(`${name} is not a safetensors file`);
  }
  const headerLength = headerLengthOf(bytes);
  const dataLength = bytes.length - LENGTH_BYTES;
  if (headerLength > dataLength) {
    throw new DamagedFileError(
      `${name} is cut short: its header takes ${headerLength} bytes, and ${dataLength} are there`,
    );
  }
  const dataOffset = LENGTH_BYTES + headerLength;
  const header = bytes.subarray(LENGTH_BYTES, dataOffset);
  const contents = decodeHeader(header, bytes.length - dataOffset, name);
  const tensors: Record<string, StoredTensor> = {};
  for (const [key, entry] of contents.tensors) {
    const { dtype, shape, offset, byteLength } = entry;
    if (!isDType(dtype)) continue;
    const start = dataOffset + offset;
    const { buffer } = bytes.slice(start, start + byteLength);
    tensors[key] = { shape, data: new TYPED_ARRAYS[dtype](buffer) };
  }
  return { metadata: contents.metadata, tensors };
}
