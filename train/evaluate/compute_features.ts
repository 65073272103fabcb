import type { Device } from "../../engine/devices/device.ts";
import { Context } from "../../layers/context.ts";
import type { BuiltModel } from "../build_model.ts";
import { evaluateImages, type EvaluationOptions } from "./evaluate_images.ts";
import type { Features } from "./features.ts";
import type { ImageSelection } from "./image_batches.ts";

/** Features of the same images by the name of their representation. */
export type NamedFeatures = Readonly<Record<string, Features>>;

/**
 * Computes every representation that a model has of images, as evaluation sees them, in one pass.
 *
 * @throws {UserError} if the device cannot hold a batch, or images cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export function computeFeatures(
  device: Device,
  { model, augmentation }: BuiltModel,
  selection: ImageSelection,
  options: EvaluationOptions,
): Promise<NamedFeatures> {
  return evaluateImages(
    device,
    selection,
    (images) =>
      model.representations(augmentation.evaluate(images), new Context()),
    {
      ...options,
      batchSize: Math.min(options.batchSize, selection.positions.length),
    },
  );
}
