import type { Buffer } from "../../compile/kernel.ts";
import type { DType } from "../../graph/tensor.ts";
import { UserError } from "../../user_error.ts";

/**
 * How a kernel sees its buffers. Each is bound as a range of a GPU buffer. Everything is bound
 * read-write, because a dispatch cannot bind one GPU buffer both ways. Nor may ranges overlap: those
 * that do (a buffer updated in place, neighbouring parts of a storage that share an aligned block)
 * are bound once, as one array that is indexed from different bases.
 */

/** Alignment of bound ranges in bytes; WebGPU's default, which every device supports. */
export const ALIGNMENT = 256;

/** Where a buffer lies. */
export interface Location {
  /** The buffer. */
  readonly buffer: Buffer;
  /** The memory that it is a range of. */
  readonly memory: GPUBuffer;
  /** First byte in the memory. */
  readonly start: number;
  /** Number of bytes, whole words. */
  readonly bytes: number;
}

/** A buffer as WGSL sees it. */
export interface Operand {
  /** Name of the array; bytes are seen as words of four. */
  readonly array: string;
  /** Element of the array where the buffer begins. */
  readonly base: number;
  /** Type of the elements. */
  readonly dtype: DType;
}

interface Range {
  readonly memory: GPUBuffer;
  readonly start: number;
  end: number;
  readonly type: string;
}

/** What a dispatch binds, and how its shaders see it. */
export interface Bound {
  /** The buffers, in the order in which they were given. */
  readonly operands: readonly Operand[];
  /** The ranges to bind, from binding 0 on. */
  readonly bindings: readonly GPUBufferBinding[];
  /** WGSL declarations of the arrays. */
  readonly declarations: string;
}

/**
 * Binds the buffers of one dispatch.
 *
 * @throws {UserError} if buffers that must be bound as one exceed `maxBytes` together.
 */
export function bind(locations: readonly Location[], maxBytes: number): Bound {
  const ranges = mergeOverlapping(locations);
  const largest = Math.max(...ranges.map(({ start, end }) => end - start));
  if (largest > maxBytes) {
    throw new UserError(
      `${
        locations.at(-1)!.buffer.label
      } works on ${largest} neighbouring bytes, and this device ` +
        `binds at most ${maxBytes} at once; use a smaller network`,
    );
  }
  const operands = locations.map(({ memory, start, buffer: { dtype } }) => {
    const i = ranges.findIndex((range) =>
      range.memory === memory && range.start <= start && start < range.end
    );
    const base = (start - ranges[i].start) / (dtype === "u8" ? 1 : 4);
    return { array: `array${i}`, base, dtype };
  });
  const declarations = ranges.map(({ type, start, end }, i) =>
    declareArray(i, `array${i}`, type, (end - start) / 4)
  );
  return {
    operands,
    bindings: ranges.map(({ memory, start, end }) => ({
      buffer: memory,
      offset: start,
      size: end - start,
    })),
    declarations: declarations.join("\n"),
  };
}

function mergeOverlapping(locations: readonly Location[]): Range[] {
  const ranges: Range[] = [];
  const inOrder = [...locations].sort((a, b) => a.start - b.start);
  for (const { memory, start, bytes, buffer } of inOrder) {
    const first = start - start % ALIGNMENT;
    const end = start + bytes;
    const before = ranges.find((range) =>
      range.memory === memory && first < range.end
    );
    if (before) before.end = Math.max(before.end, end);
    else ranges.push({ memory, start: first, end, type: typeOf(buffer.dtype) });
  }
  return ranges;
}

/** WGSL declaration of a bound array; the size is fixed, so that bounds checks compare with constants. */
export function declareArray(
  binding: number,
  name: string,
  type: string,
  size: number,
): string {
  return `@group(0) @binding(${binding}) var<storage, read_write> ${name}: array<${type}, ${size}>;`;
}

/** WGSL for the element of `operand` at `position`. */
export function element(
  { array, base, dtype }: Operand,
  position: string,
): string {
  const index = base === 0 ? position : `${base}u + ${position}`;
  if (dtype !== "u8") return `${array}[${index}]`;
  return `extractBits(${array}[(${index}) / 4u], (${index}) % 4u * 8u, 8u)`;
}

/** WGSL type of a value of `dtype`. */
export function typeOf(dtype: DType): "f32" | "i32" | "u32" {
  return dtype === "u8" ? "u32" : dtype;
}
