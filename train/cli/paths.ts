import { isAbsolute, join } from "node:path";
import { UserError } from "../../engine/user_error.ts";

/**
 * The folder that `deno task` was called from, while it runs in the project's; `undefined` where
 * the program was started without it.
 */
export function callerFolder(): string | undefined {
  return Deno.env.get("INIT_CWD");
}

/** Whether the user is in another folder than the program. */
function isElsewhere(): boolean {
  const folder = callerFolder();
  return folder !== undefined && folder !== Deno.cwd();
}

/**
 * The place of a path on the command line, which is relative to the user's folder. An empty one, as of
 * a variable that is not set, stays empty, to be refused.
 *
 * @throws {UserError} It begins with a `~` that the shell has left, as it does after `=`.
 */
export function typedPath(path: string): string {
  if (/^~(\/|$)/.test(path)) {
    throw new UserError(
      `the shell does not replace the ~ of ${path} here; write $HOME${
        path.slice(1)
      }, or ./${path} for a folder of that name`,
    );
  }
  const folder = callerFolder();
  if (folder === undefined || !isElsewhere()) return path;
  return path === "" || isAbsolute(path) ? path : join(folder, path);
}

/** A path in the project, such as `runs/first`, as the user can type it: absolute, if they are elsewhere. */
export function projectPath(path: string): string {
  return isElsewhere() && !isAbsolute(path) ? join(Deno.cwd(), path) : path;
}
