import { UserError } from "../../engine/user_error.ts";
import type { Config } from "../config/config.ts";
import { describeDifference, firstDifference } from "../config/difference.ts";
import { type OpenedRun, openRun } from "../run/load_run.ts";
import { isRunFolder } from "../run/run_folder.ts";
import { type Budget, readBudget } from "./budget.ts";

/** The settings of a run of so many steps, of which the learning rate rises over a tenth at most. */
export function lasting(config: Config, steps: number): Config {
  const warmupSteps = Math.min(config.warmupSteps, Math.floor(steps / 10));
  return { ...config, steps, warmupSteps };
}

/**
 * Opens the run of a cell, where it was begun before.
 *
 * @returns `undefined` where it was not.
 * @throws {UserError} The folder holds another run, or one with other settings, or cannot be read.
 */
export async function openBegun(
  path: string,
  config: Config,
  budget: Budget,
): Promise<OpenedRun | undefined> {
  if (!(await isRunFolder(path))) return undefined;
  const begun = await openRun(path);
  const noted = await readBudget(begun.run) ?? budget;
  const expected = budget.minutes === undefined
    ? config
    : lasting(config, begun.config.steps);
  const difference = firstDifference(
    { ...budget, ...expected },
    { ...noted, ...begun.config },
  );
  if (!difference) return begun;
  throw new UserError(
    `${path} was begun with other settings: ${
      describeDifference(difference)
    }; remove that folder or choose another --out`,
  );
}
