import type { Device } from "../../engine/devices/device.ts";
import { input, type Tensor } from "../../engine/graph/tensor.ts";
import { type Feeds, Program } from "../../engine/program.ts";
import type { Features } from "./features.ts";
import { imageBatches, type ImageSelection } from "./image_batches.ts";

/** How {@linkcode evaluateImages} goes through the images. */
export interface EvaluationOptions {
  /** Images per batch; the last batch is filled up with copies of its first image. */
  readonly batchSize: number;
  /** Values of further inputs of the graph, the same for every batch. */
  readonly feeds?: Feeds;
  /** Stops it between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (images: number) => void;
}

/**
 * Computes values of images in one pass, each image by itself.
 *
 * @param define What to compute of stored images, bytes `[n, 3, imageSize, imageSize]`: tensors
 * `[n, ...]` by name.
 * @returns under each name a row for each image: all values but those along the first axis
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function evaluateImages(
  device: Device,
  selection: ImageSelection,
  define: (images: Tensor) => Readonly<Record<string, Tensor>>,
  { batchSize, feeds, signal, onProgress }: EvaluationOptions,
): Promise<Readonly<Record<string, Features>>> {
  const { dataset: { imageSize }, positions } = selection;
  const images = input("images", [batchSize, 3, imageSize, imageSize], "u8");
  const computed = Object.entries(define(images)).map(
    ([name, tensor]) => {
      const width = tensor.size / batchSize;
      const values = new Float32Array(positions.length * width);
      return { name, tensor, width, values };
    },
  );
  const program = await Program.compile(device, {
    outputs: computed.map(({ tensor }) => tensor),
  });
  try {
    const batches = imageBatches(selection, batchSize, signal);
    for await (const { start, count, images } of batches) {
      const outputs = await program.evaluate({ ...feeds, images });
      for (const [i, { width, values }] of computed.entries()) {
        values.set(outputs[i].subarray(0, count * width), start * width);
      }
      onProgress?.(start + count);
    }
  } finally {
    program.destroy();
  }
  return Object.fromEntries(
    computed.map(({ name, width, values }) => [name, { width, values }]),
  );
}
