import type { Config } from "../config/config.ts";
import { settingsWithoutEffect } from "../config/without_effect.ts";

/** Says of a new run what was set in vain, a line each. */
export function printUnused(
  config: Config,
  print: (line: string) => void,
): void {
  for (const sentence of settingsWithoutEffect(config)) {
    print(`settings: ${sentence}`);
  }
}
