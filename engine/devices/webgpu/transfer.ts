import type { GpuContext } from "./gpu_context.ts";

/** Bytes written in one piece. */
const PIECE_BYTES = 16 * 2 ** 20;

/**
 * Copies `data`, whole words, to a GPU buffer; `data` may be changed as soon as this returns.
 *
 * @throws {UserError} if the device failed.
 */
export function upload(
  context: GpuContext,
  buffer: GPUBuffer,
  start: number,
  data: ArrayBufferView,
): void {
  context.check();
  for (let done = 0; done < data.byteLength; done += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, data.byteLength - done);
    context.gpu.queue.writeBuffer(
      buffer,
      start + done,
      data.buffer,
      data.byteOffset + done,
      bytes,
    );
    context.noteWritten(bytes);
  }
}

/**
 * The content of a range of a GPU buffer, after everything queued so far.
 *
 * @throws {UserError} if the device failed.
 */
export async function download(
  context: GpuContext,
  buffer: GPUBuffer,
  start: number,
  bytes: number,
): Promise<ArrayBuffer> {
  context.check();
  const { gpu } = context;
  const { COPY_DST, MAP_READ } = GPUBufferUsage;
  const staging = gpu.createBuffer({
    label: "staging",
    size: bytes,
    usage: COPY_DST | MAP_READ,
  });
  try {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, start, staging, 0, bytes);
    context.submitNow([encoder.finish()]);
    await context.map(staging);
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
    // what made the copy or an earlier step fail says more than the copy itself
    context.check();
  }
}
