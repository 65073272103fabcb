import type { Config } from "../config.ts";
import type { PartialSettings } from "../loader.ts";
import type { Method } from "./methods.ts";
import type { Size } from "./sizes.ts";

/** Settings of a pretraining run under a name. */
export interface ConfigPreset {
  /** What it is for, in a line. */
  readonly description: string;
  /** The settings that differ from the defaults. */
  readonly config: PartialSettings<Config>;
}

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
