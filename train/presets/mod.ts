/** The presets by name, one line each. */
import { preset as baseline } from "./baseline.ts";
import { preset as baselineCifar10 } from "./baseline_cifar10.ts";
import { preset as baselineTiny } from "./baseline_tiny.ts";
import type { ConfigPreset } from "./preset.ts";

/** The presets by name. */
export const presets: Readonly<Record<string, ConfigPreset>> = {
  "baseline": baseline,
  "baseline-cifar10": baselineCifar10,
  "baseline-tiny": baselineTiny,
};
