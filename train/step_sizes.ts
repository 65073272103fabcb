import type { StepSizes } from "../losses/term.ts";
import type { Config } from "./config/config.ts";
import { modelKind } from "./models/registry.ts";

/** How much the terms of the loss have to compare in a step. */
export function stepSizes({ model, batchSize, views }: Config): StepSizes {
  const { masks, vocabulary } = modelKind(model).compared(model);
  return { images: batchSize, views, masks, entries: vocabulary?.entries };
}
