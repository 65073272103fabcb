import { z } from "zod";
import { printable } from "../../datasets/files/printable.ts";
import type { HostArray } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";

/** The values of a stored tensor: dtypes F32, I32, U32 and U8. */
export type TensorData = HostArray;

/** Bytes at the beginning of a file that hold the length of its header. */
export const LENGTH_BYTES = 8;

/** A tensor in memory. */
export interface StoredTensor {
  /** Sizes of the axes; empty for a scalar. */
  readonly shape: readonly number[];
  /** Values in row-major order, as many as the product of the shape. */
  readonly data: TensorData;
}

/** Where a tensor lies in a file. */
export interface TensorEntry {
  /** The name of the dtype; one that cannot be read here is listed all the same. */
  readonly dtype: string;
  /** Sizes of the axes. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the data, which follows the header. */
  readonly offset: number;
  /** Number of bytes. */
  readonly byteLength: number;
}

/** What the header of a file says. */
export interface HeaderContents {
  /** The file's own text entries (`__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by name, in the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** A file whose contents are not what its format says: cut short, overwritten, or of another format. */
export class DamagedFileError extends UserError {
  /** The name of this class. */
  override name = "DamagedFileError";
}

/**
 * The array of each dtype that can be read and written. They share the machine's byte order,
 * little-endian wherever Deno runs, as the format asks.
 */
export const TYPED_ARRAYS = {
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
} as const;

/** A dtype that can be read and written. */
export type DType = keyof typeof TYPED_ARRAYS;

const axis = z.int().nonnegative();
const headerSchema = z.record(
  z.string(),
  z.object({
    // messages quote it
    dtype: z.string().regex(/^\w{1,16}$/),
    shape: z.array(axis),
    data_offsets: z.tuple([axis, axis]),
  }),
);
const metadataSchema = z.record(z.string(), z.string());

/** Whether tensors of the dtype can be read and written. */
export function isDType(name: string): name is DType {
  return Object.hasOwn(TYPED_ARRAYS, name);
}

/**
 * Encodes the header of a file whose data are the tensors in the order given.
 *
 * @param tensors Names and tensors.
 * @param metadata Text entries to store with them.
 * @returns JSON in UTF-8, padded with spaces to a multiple of 8 bytes so that the data are aligned.
 * @throws {RangeError} A tensor has fewer or more values than its shape says.
 */
export function encodeHeader(
  tensors: readonly (readonly [string, StoredTensor])[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let start = 0;
  for (const [name, { shape, data }] of tensors) {
    if (data.length !== product(shape)) {
      throw new RangeError(
        `tensor ${name} of shape [${shape}] has ${data.length} values`,
      );
    }
    const end = start + data.byteLength;
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [start, end] };
    start = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  return padded;
}

/** Characters of a tensor's name that a message quotes. */
const MAX_NAME = 100;

/**
 * Decodes a header and checks that its tensors cover the data once, without gaps, to the last byte.
 *
 * @param bytes The header.
 * @param dataLength Number of bytes after it.
 * @param path Names the file in errors.
 * @throws {DamagedFileError} The header is not JSON of the right form, or tensors overlap, leave
 * gaps, pass the end or take another number of bytes than their shape.
 */
export function decodeHeader(
  bytes: Uint8Array,
  dataLength: number,
  path: string,
): HeaderContents {
  const { metadata, entries } = parseHeader(bytes, path);
  const tensors = new Map<string, TensorEntry>();
  let expected = 0;
  for (const [name, { dtype, shape, data_offsets: [start, end] }] of entries) {
    // the file's name for it may have any length and any characters
    const tensor = `tensor ${printable(name.slice(0, MAX_NAME))}`;
    if (start !== expected || end < start) {
      throw new DamagedFileError(
        `${path} is damaged: ${tensor} lies at bytes ${start} to ${end} of the data ` +
          `where one should begin at ${expected}`,
      );
    }
    const byteLength = end - start;
    const width = isDType(dtype) && TYPED_ARRAYS[dtype].BYTES_PER_ELEMENT;
    if (width && byteLength !== product(shape) * width) {
      throw new DamagedFileError(
        `${path} is damaged: ${tensor} of shape [${shape}] and type ${dtype} ` +
          `takes ${byteLength} bytes`,
      );
    }
    tensors.set(name, { dtype, shape, offset: start, byteLength });
    expected = end;
  }
  if (expected !== dataLength) {
    const problem = expected > dataLength ? "is cut short" : "is damaged";
    throw new DamagedFileError(
      `${path} ${problem}: its tensors take ${expected} bytes, and ${dataLength} are there`,
    );
  }
  return { metadata, tensors };
}

function parseHeader(bytes: Uint8Array, path: string) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const { __metadata__ = {}, ...tensors } = JSON.parse(text);
    return {
      metadata: metadataSchema.parse(__metadata__),
      entries: Object.entries(headerSchema.parse(tensors)).sort((
        [, a],
        [, b],
      ) =>
        a.data_offsets[0] - b.data_offsets[0] ||
        a.data_offsets[1] - b.data_offsets[1]
      ),
    };
  } catch (cause) {
    const problem = cause instanceof z.ZodError
      ? "lacks what the format asks for"
      : "is not JSON";
    throw new DamagedFileError(
      `${path} is damaged or not a safetensors file: its header ${problem}`,
      { cause },
    );
  }
}

function dtypeOf(data: TensorData): DType {
  return Object.keys(TYPED_ARRAYS).filter(isDType)
    .find((name) => data instanceof TYPED_ARRAYS[name])!;
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}
