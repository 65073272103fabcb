import type { Config } from "../config.ts";
import type { Preset } from "../loader.ts";
import type { PartialSettings } from "../resolve.ts";
import type { Method } from "./methods.ts";
import type { Size } from "./sizes.ts";

/** A preset of the settings of a pretraining run. */
export type ConfigPreset = Preset<Config>;

/** A method at a size; `changes` replace whole settings of the two. */
export function compose(
  method: Method,
  size: Size,
  changes: PartialSettings<Config> = {},
): ConfigPreset {
  const { views, model, losses } = method;
  const parts = Object.entries(size.parts).filter(([part]) => part in model);
  return {
    description: `${method.title}${size.title}`,
    config: {
      ...size.config,
      views,
      model: { ...model, ...Object.fromEntries(parts) },
      losses,
      ...changes,
    },
  };
}
