import { writeJsonAtomically } from "../../datasets/files/atomic_file.ts";
import { UserError } from "../../engine/user_error.ts";
import { firstFixedDifference } from "../config/changeable.ts";
import { type Config, configSchema } from "../config/config.ts";
import { loadConfig } from "../config/loader.ts";
import { resolveConfig } from "../config/resolve.ts";
import { isObject } from "../config/schema.ts";
import { changeMetadata, listCheckpoints } from "./checkpoint.ts";
import type { OpenedRun } from "./load_run.ts";
import { checkResumable } from "./resume.ts";
import type { RunFolder } from "./run_folder.ts";

/** What changes when a run is resumed. */
export interface RunChanges {
  /** Settings, `path.to.key=value`. */
  readonly set?: readonly string[];
  /** Where a path among the settings leads; it is kept as it is by default. */
  readonly resolvePath?: (path: string) => string;
  /** The number of steps in total. */
  readonly extend?: number;
}

/**
 * The config of a run with changes, none of which is made yet.
 *
 * @throws {UserError} A setting is unknown, wrong or may not change, more steps are done, or the run
 * cannot be resumed.
 */
export async function changedConfig(
  { run, config }: OpenedRun,
  { extend, ...single }: RunChanges,
): Promise<Config> {
  const sources = { config: run.configPath, ...single };
  const changed = await loadConfig(configSchema, {}, sources);
  const difference = firstFixedDifference(config, changed);
  if (difference) {
    const { path, first, second } = difference;
    const [before, after] = [first, second].map((value) =>
      JSON.stringify(value) ?? "not set"
    );
    throw new UserError(
      path === "steps"
        ? `steps is ${before} in ${run.path}; to go on to ${after} steps in total, use --extend ${after}`
        : `${path} may not change when a run is resumed: it is ${before} in ${run.path}, not ${after}; ` +
          "leave it out, or start a new run",
    );
  }
  // a run that cannot go on is not changed
  await checkResumable(changed, run);
  if (extend === undefined) return changed;
  const done = (await listCheckpoints(run.checkpointsPath)).at(-1) ?? 0;
  if (extend < done) {
    throw new UserError(
      `${run.path} has done ${done} steps already; --extend takes the number of steps in total, not ${extend}`,
    );
  }
  return resolveConfig(configSchema, [changed, { steps: extend }]);
}

/**
 * Makes the changes of a run.
 *
 * @param config What {@linkcode changedConfig} made of them.
 * @throws {UserError} A file cannot be written.
 */
export async function changeRun(
  { configPath, checkpointsPath }: RunFolder,
  config: Config,
  { set = [], extend }: RunChanges,
): Promise<void> {
  if (set.length === 0 && extend === undefined) return;
  await writeJsonAtomically(configPath, config);
  if (extend === undefined) return;
  // checkpoints say for how many steps they were meant, so that an edited config is noticed
  await changeMetadata(checkpointsPath, ({ config: saved, ...metadata }) => ({
    ...metadata,
    ...(isObject(saved) && { config: { ...saved, steps: extend } }),
  }));
}
