import type { ImageDataset } from "../../datasets/dataset.ts";
import type { Config } from "../config/config.ts";
import { encoderKind, modelKind } from "../models/registry.ts";

/** What was trained on what, and how far, for people. */
export function describe(
  { model, encoder, data, steps, batchSize }: Config,
  step: number,
  { size, imageSize }: ImageDataset,
): string {
  return `${modelKind(model).describe(model)}. It trained a ${
    encoderKind(encoder).describe(encoder)
  } on ${
    grouped(size)
  } ${data.name} images of ${imageSize} × ${imageSize} pixels, for ${
    grouped(step)
  } of ${grouped(steps)} steps of ${batchSize} images.`;
}

/** Digits in groups of three. */
function grouped(value: number): string {
  return value.toLocaleString("en");
}
