import { type Difference, differences } from "./difference.ts";

/**
 * The settings that may change when a run is resumed, with all that lies below them, and the option
 * that changes them. Every other setting decides what is computed. README has the same table.
 */
export const CHANGEABLE: Readonly<Record<string, "--set" | "--extend">> = {
  "data.path": "--set",
  initialWeights: "--set",
  metricsEvery: "--set",
  checkpoints: "--set",
  evaluation: "--set",
  steps: "--extend",
};

/**
 * The first setting that differs between two configs of a run and that `--set` may not change.
 *
 * @returns `undefined` if there is none.
 */
export function firstFixedDifference(
  first: unknown,
  second: unknown,
): Difference | undefined {
  return differences(first, second).find((difference) => !isFree(difference));
}

/** The option that changes a setting when a run is resumed; `undefined` where none may. */
export function changedBy(setting: string): "--set" | "--extend" | undefined {
  return Object.entries(CHANGEABLE).find(([name]) =>
    setting === name || setting.startsWith(`${name}.`)
  )?.[1];
}

/** Whether `--set` may change a setting, which may neither come nor go. */
function isFree({ path, first, second }: Difference): boolean {
  return first !== undefined && second !== undefined &&
    changedBy(path) === "--set";
}
