import type { ImageDataset } from "../../datasets/dataset.ts";
import type { Config } from "../config/config.ts";

const METHODS: Readonly<Record<string, string>> = {
  maskedPatchPrediction: "Masked patch prediction",
  selfie: "Selfie",
  allp: "Allp",
};

/** What was trained on what, and how far, for people. */
export function describe(
  { model, encoder, data, steps, batchSize }: Config,
  step: number,
  { size, imageSize }: ImageDataset,
): string {
  const parts = adaptations(model);
  const method = METHODS[model.name] ?? model.name;
  return `${method}${
    parts.length > 0 ? ` with ${parts.join(", ")}` : ""
  }. It trained a ResNet-${encoder.depth} of width ${encoder.width} on ${
    grouped(size)
  } ${data.name} images of ${imageSize} × ${imageSize} pixels, for ${
    grouped(step)
  } of ${grouped(steps)} steps of ${batchSize} images.`;
}

/** The adaptations of the paper that are turned on. */
function adaptations(model: Config["model"]): string[] {
  const parts: string[] = [];
  if ("exchange" in model && model.exchange) parts.push("attention exchange");
  if ("doubleView" in model && model.doubleView) parts.push("double view");
  if ("vocabulary" in model && model.vocabulary) {
    parts.push(`${model.vocabulary.name} vocabulary`);
  }
  return parts;
}

/** Digits in groups of three. */
function grouped(value: number): string {
  return value.toLocaleString("en");
}
