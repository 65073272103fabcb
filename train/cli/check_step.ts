import { listCheckpoints, requireStep } from "../run/checkpoint.ts";
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
  if (step === undefined) return;
  requireStep(step, await listCheckpoints(run.checkpointsPath), run.path);
}
