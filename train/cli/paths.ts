import { isAbsolute, join } from "node:path";

/**
 * The folder that a person called `deno task` from, which runs in the project's; `undefined` where
 * the program was started without it.
 */
export function callerFolder(): string | undefined {
  return Deno.env.get("INIT_CWD");
}

/** Whether the person is in another folder than the program. */
function isElsewhere(): boolean {
  const folder = callerFolder();
  return folder !== undefined && folder !== Deno.cwd();
}

/** Where a path leads that a person typed: it is relative to the folder that they are in. */
export function typedPath(path: string): string {
  const folder = callerFolder();
  return folder === undefined || !isElsewhere() || isAbsolute(path)
    ? path
    : join(folder, path);
}

/** A path in the project, such as `runs/first`, as a person can type it: whole, if they are elsewhere. */
export function projectPath(path: string): string {
  return isElsewhere() && !isAbsolute(path) ? join(Deno.cwd(), path) : path;
}
