import { UserError } from "../../engine/user_error.ts";
import { changedConfig, type RunChanges } from "../run/change_run.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { type OpenedRun, openRun } from "../run/load_run.ts";
import { type LockedRunFolder, lockRun } from "../run/lock.ts";
import type { Option } from "./arguments.ts";
import { checkModel } from "./check_model.ts";
import { typedPath } from "./paths.ts";
import type { RunValues } from "./run_options.ts";

/** The options of commands that pretrain: which run to resume, and for how long. */
export const resumeOptions = {
  resume: {
    kind: "path",
    value: "FOLDER",
    help: "resume a run from its last checkpoint",
  },
  extend: {
    kind: "integer",
    value: "STEPS",
    help: "with --resume: train for STEPS steps in total",
  },
} as const satisfies Record<string, Option>;

/** The values of {@linkcode resumeOptions}. */
export interface ResumeValues {
  readonly resume?: string;
  readonly extend?: number;
}

/**
 * Refuses options that do not go together.
 *
 * @throws {UserError} A run to resume is given another config or folder, or a new one is extended.
 */
export function checkResume(
  { resume, extend, preset, config, out }: ResumeValues & RunValues,
): void {
  if (resume !== undefined && (preset ?? config ?? out) !== undefined) {
    throw new UserError(
      "--resume takes the config of its run; leave out --preset, --config and --out",
    );
  }
  if (extend !== undefined && resume === undefined) {
    throw new UserError(
      "--extend is for an existing run; add --resume FOLDER, or use --set steps=STEPS for a new run",
    );
  }
}

/** A run that nobody else can change until the lock is released. */
export type LockedRun = OpenedRun & LockedRunFolder;

/**
 * Opens a run to resume it, with the changes that are asked for in its config; none of them is made yet.
 *
 * @throws {UserError} There is none, another process trains in it, or a change is not allowed.
 */
export async function openToResume(
  path: string,
  { set, extend }: RunChanges,
): Promise<LockedRun> {
  const lock = await lockRun((await openRun(path)).run);
  // again, now that nobody else can change it
  const opened = await openRun(path);
  const config = await changedConfig(opened, {
    set,
    extend,
    resolvePath: typedPath,
  });
  const { run } = opened;
  // a checkpoint has been looked at with the changes; without one the run begins
  const checkpoints = await listCheckpoints(run.checkpointsPath);
  if (checkpoints.length === 0) await checkModel(config);
  return { run, config, lock };
}
