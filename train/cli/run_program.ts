import { UserError } from "../../engine/user_error.ts";

/**
 * Runs a program to its end. A {@linkcode UserError} is printed as one line, `error: ...`; any
 * other error is a mistake of ours and is printed with its stack. Both end the program with code 1.
 *
 * @param main The program.
 */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(
      error instanceof UserError ? `error: ${error.message}` : error,
    );
    Deno.exit(1);
  }
}

/**
 * Lets a program finish what it is doing when it is asked to stop. The first SIGINT (Ctrl-C) or
 * SIGTERM aborts the signal returned here; a second one ends the program at once, with code 130
 * for SIGINT and 143 for SIGTERM.
 *
 * @returns A signal whose reason is the name of the system's signal.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  const listen = (name: Deno.Signal, exitCode: number) =>
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(exitCode);
      controller.abort(name);
    });
  listen("SIGINT", 130);
  // Windows has no SIGTERM to listen to.
  if (Deno.build.os !== "windows") listen("SIGTERM", 143);
  return controller.signal;
}
