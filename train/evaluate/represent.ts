import type { Device } from "../../engine/devices/device.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { Context } from "../../layers/context.ts";
import type { BuiltModel } from "../build_model.ts";
import type { Features } from "./features.ts";
import { imageBatches, type ImageSelection } from "./image_batches.ts";

/** Features of the same images by the name of their representation. */
export type RepresentedImages = Readonly<Record<string, Features>>;

/** How {@linkcode represent} goes through the images. */
export interface RepresentOptions {
  /** Images that the device takes at a time. */
  readonly batchSize: number;
  /** Stops it between two batches. */
  readonly signal?: AbortSignal;
  /** Called after each batch with the number of images done. */
  readonly onProgress?: (images: number) => void;
}

/**
 * Computes every representation that a model has of images, as evaluation sees them, in one pass.
 *
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function represent(
  device: Device,
  { model, augmentation }: BuiltModel,
  selection: ImageSelection,
  { batchSize, signal, onProgress }: RepresentOptions,
): Promise<RepresentedImages> {
  const { dataset: { imageSize }, positions } = selection;
  const batch = Math.min(batchSize, positions.length);
  const images = input("images", [batch, 3, imageSize, imageSize], "u8");
  const representations = model.representations(
    augmentation.evaluate(images),
    new Context(),
  );
  const represented = Object.entries(representations).map(([name, tensor]) => ({
    name,
    tensor,
    width: tensor.shape[1],
    values: new Float32Array(positions.length * tensor.shape[1]),
  }));
  const program = await Program.compile(device, {
    outputs: represented.map(({ tensor }) => tensor),
  });
  try {
    const batches = imageBatches(selection, batch, signal);
    for await (const { start, count, images } of batches) {
      const outputs = await program.evaluate({ images });
      for (const [i, { width, values }] of represented.entries()) {
        values.set(outputs[i].subarray(0, count * width), start * width);
      }
      onProgress?.(start + count);
    }
  } finally {
    program.destroy();
  }
  return Object.fromEntries(
    represented.map(({ name, width, values }) => [name, { width, values }]),
  );
}
