import type { Buffer, MatmulKernel } from "../../../compile/kernel.ts";
import { sizeOf } from "../../../graph/tensor.ts";
import { TILE_COLUMNS, TILE_ROWS } from "../kernel_interface.generated.ts";
import { type Call, type Operands, type Parts, SHARED } from "./call.ts";
import { callPerRange, MIN_PARALLEL_WORK, partition } from "./partition.ts";
import { partialBytes, splitCount, sumPartsCall } from "./split_sum.ts";

/** Splits the batches, rows or columns of a product between threads, or parts of a long inner axis. */
export function matmulCalls(
  kernel: MatmulKernel,
  { inputs, output }: Operands,
  threads: number,
): Call[] {
  const { m, n, k } = kernel;
  const a = operand(inputs[0], kernel.a);
  const b = operand(inputs[1], kernel.b);
  const parts = innerParts(kernel);
  if (parts === 1) {
    const call = {
      a,
      b,
      c: output,
      m,
      n,
      k,
      batch: kernel.batch,
      parts: shareProduct(kernel, threads),
    };
    return [matmulCall(call)];
  }
  // the parts of the inner axis are a batch
  const length = k / parts;
  const [aInner, bInner] = [a.strides[1], b.strides[0]];
  const product = matmulCall({
    a: { ...a, strides: [aInner * length, ...a.strides] },
    b: { ...b, strides: [bInner * length, ...b.strides] },
    c: SHARED,
    m,
    n,
    k: length,
    batch: [parts],
    parts: callPerRange(
      partition(parts, 1, threads),
      (range) => [...range, 0, m, 0, n],
    ),
  });
  return [product, sumPartsCall(output, parts, threads)];
}

/** Shared memory that the product needs, in bytes. */
export function matmulSharedBytes(
  kernel: MatmulKernel,
  output: Buffer,
): number {
  return partialBytes(output, innerParts(kernel));
}

/** A matrix, or a batch of them; strides are in bytes, those of the batch first. */
interface MatrixOperand {
  readonly buffer: Buffer;
  readonly strides: readonly number[];
}

function operand(
  buffer: Buffer,
  { offset, strides }: MatmulKernel["a"],
): MatrixOperand {
  return {
    buffer: offset === 0 ? buffer : { ...buffer, parent: { buffer, offset } },
    strides: strides.map((stride) => stride * 4),
  };
}

function matmulCall(product: {
  readonly a: MatrixOperand;
  readonly b: MatrixOperand;
  readonly c: Buffer | typeof SHARED;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: readonly number[];
  readonly parts: readonly Parts[];
}): Call {
  const { a, b, c, m, n, k, batch, parts } = product;
  return {
    target: "matmul",
    arguments: [
      a.buffer,
      b.buffer,
      c,
      m,
      n,
      k,
      batch.at(-1) ?? 1,
      ...fourStrides(a.strides),
      ...fourStrides(b.strides),
    ],
    parts,
  };
}

/** Strides over two batch loops and a matrix; those of absent loops are 0. */
function fourStrides(strides: readonly number[]): number[] {
  return [...new Array<number>(4 - strides.length).fill(0), ...strides];
}

/** Parts of the inner axis, all equally long; batches are shared between threads anyway. */
function innerParts({ batch, m, n, k }: MatmulKernel): number {
  if (batch.length > 0) return 1;
  let parts = splitCount(m * n, k);
  while (k % parts !== 0) parts /= 2;
  return parts;
}

function shareProduct(
  { batch, m, n, k }: MatmulKernel,
  threads: number,
): Parts[] {
  const count = sizeOf(batch);
  const workers = count * m * n * k < MIN_PARALLEL_WORK ? 1 : threads;
  if (count >= 2 * workers) {
    const ranges = partition(count, 1, workers);
    return callPerRange(ranges, (range) => [...range, 0, m, 0, n]);
  }
  if (m >= 2 * TILE_ROWS * workers || m >= n) {
    const ranges = partition(m, TILE_ROWS, workers);
    return callPerRange(ranges, (range) => [0, count, ...range, 0, n]);
  }
  const ranges = partition(n, TILE_COLUMNS, workers);
  return callPerRange(ranges, (range) => [0, count, 0, m, ...range]);
}
