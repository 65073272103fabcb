import { dataTargets } from "./data_targets.ts";
import type { Target } from "./target.ts";
import { trainTargets } from "./train_targets.ts";

/** Everything that reads files. */
export function allTargets(): Target[] {
  return [...dataTargets(), ...trainTargets()];
}
