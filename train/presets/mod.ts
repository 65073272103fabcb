/** The presets by name, one line each. */
import { preset as syntheticBaseline } from "./synthetic_baseline.ts";
import type { ConfigPreset } from "./preset.ts";

/** The presets by name. */
export const presets: Readonly<Record<string, ConfigPreset>> = {
  "baseline-synthetic": syntheticBaseline,
};
