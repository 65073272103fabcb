import type { Config } from "../../../train/config/config.ts";
import { tinyConfig } from "../tiny_model.ts";

/** Height and width of the images in pixels. */
export const SIZE = 8;

/** A model of six images, two of each instance, in four patches each. */
export function tinyModel(
  model: object,
  losses: object,
  changes: object = {},
): Config {
  return tinyConfig({
    model: {
      grid: 2,
      transformer: { layers: 1, heads: 2, feedForward: 7 },
      dropout: 0.1,
      ...model,
    },
    losses,
    batchSize: 6,
    ...changes,
  });
}

/** An exchange after two of the three groups. */
export const exchange = {
  after: ["res2", "res4"],
  width: 6,
  layers: 1,
  heads: 3,
  feedForward: 5,
};
