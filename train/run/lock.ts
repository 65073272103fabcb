import { UserError } from "../../engine/user_error.ts";
import { claim } from "./claim.ts";
import type { RunFolder } from "./run_folder.ts";

/** The folder of a run in which nobody else trains. */
export interface LockedRunFolder {
  /** The folder. */
  readonly run: RunFolder;
  /** Keeps others away until it is disposed of, or the process ends. */
  readonly lock: Disposable;
}

/**
 * Keeps others from training in the folder of a run until the result is disposed of, or the process
 * ends, in whatever way.
 *
 * @throws {UserError} Another process trains in it, or the folder cannot be written.
 */
export async function lockRun(
  { path, lockPath }: RunFolder,
): Promise<Disposable> {
  const lock = await claim(lockPath);
  if (lock) return lock;
  throw new UserError(
    `${path} is in use: another process trains in it; wait until it ends, or stop it`,
  );
}
