/** Bytes written in one piece: larger ones, or many without a submit, have corrupted uploads. */
const PIECE_BYTES = 16 * 2 ** 20;

/** Copies `data`, whole words, to a GPU buffer; `data` may be changed as soon as this returns. */
export function upload(
  gpu: GPUDevice,
  buffer: GPUBuffer,
  start: number,
  data: ArrayBufferView,
) {
  for (let done = 0; done < data.byteLength; done += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, data.byteLength - done);
    gpu.queue.writeBuffer(
      buffer,
      start + done,
      data.buffer,
      data.byteOffset + done,
      bytes,
    );
    gpu.queue.submit([]);
  }
}

/** The content of a range of a GPU buffer, after everything queued so far. */
export async function download(
  gpu: GPUDevice,
  buffer: GPUBuffer,
  start: number,
  bytes: number,
): Promise<ArrayBuffer> {
  const staging = gpu.createBuffer({
    label: "staging",
    size: bytes,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, start, staging, 0, bytes);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
  }
}
