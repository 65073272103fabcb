import { isAbsolute, join } from "node:path";

/**
 * The folder that a person called `deno task` from, which runs in the project's; `undefined` where
 * the program was started without it.
 */
export function callerFolder(): string | undefined {
  return Deno.env.get("INIT_CWD");
}

/** Where a path leads that a person typed: it is relative to the folder that they are in. */
export function typedPath(path: string): string {
  return from(callerFolder(), path);
}

/** A path in the project, such as `runs/first`, as a person may type it: whole, if they are elsewhere. */
export function projectPath(path: string): string {
  return from(Deno.cwd(), path);
}

function from(folder: string | undefined, path: string): string {
  const caller = callerFolder() ?? Deno.cwd();
  const isHere = caller === Deno.cwd();
  return folder === undefined || isHere || isAbsolute(path)
    ? path
    : join(folder, path);
}
