import { UserError } from "../../engine/user_error.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import type { RunFolder } from "../run/run_folder.ts";

/**
 * Checks that a run has the checkpoint that `--checkpoint` names, if any.
 *
 * @throws {UserError} if it has not; the message lists those that it has.
 */
export async function checkStep(
  run: RunFolder,
  step: number | undefined,
): Promise<void> {
  const steps = await listCheckpoints(run.checkpointsPath);
  if (step === undefined || steps.includes(step)) return;
  const list = steps.length > 0 ? `those of ${steps.join(", ")}` : "none";
  throw new UserError(
    `${run.path} has no checkpoint of step ${step}, but ${list}; choose another --checkpoint`,
  );
}
