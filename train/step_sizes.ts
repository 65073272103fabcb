import type { StepSizes } from "../losses/term.ts";
import type { Config } from "./config/config.ts";
import { modelKind } from "./models/registry.ts";

/**
 * How much the terms of the loss have to compare in a step.
 *
 * @param processes How many share it; where negatives are local each has its own part to compare.
 */
export function stepSizes(
  { model, batchSize, views, distributed }: Config,
  processes: number,
): StepSizes {
  const { masks, vocabulary } = modelKind(model).compared(model);
  const parts = distributed.negatives === "local" ? processes : 1;
  const images = batchSize / parts;
  return { images, views, masks, entries: vocabulary?.entries };
}
