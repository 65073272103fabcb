import { UserError } from "../../engine/user_error.ts";
import { checkDeno } from "./check_deno.ts";
import { tolerateLostOutput } from "./output.ts";
import { callerFolder } from "./paths.ts";

/** How long after a signal another one counts as the same. */
const SAME_SIGNAL_MS = 500;
const PARENT_CHECK_MS = 1000;

/** Numbers of the signals that stop a program, by which shells make an exit code of them. */
const STOPPING = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

const interrupt = new AbortController();

/**
 * Runs a program and ends the process, whatever is still under way: with code 0, or that of the signal
 * that stopped it. An error is printed as {@linkcode describeError} has it and ends the process with
 * code 1. Output that nobody can read is lost without an error, as
 * {@linkcode tolerateLostOutput} has it.
 *
 * @param main The program; it may throw the reason of {@linkcode onInterrupt}'s signal.
 */
export async function runProgram(main: () => Promise<void>): Promise<never> {
  tolerateLostOutput();
  try {
    checkDeno(Deno.version.deno);
    await main();
  } catch (error) {
    if (interrupt.signal.aborted && error === interrupt.signal.reason) {
      console.error("stopped");
      Deno.exit();
    }
    console.error(describeError(error));
    Deno.exit(1);
  }
  Deno.exit();
}

/**
 * What is printed of an error: a line, `error: ...`, for a {@linkcode UserError} and a permission that
 * Deno was not given; any other error is a mistake of ours and is printed with its stack.
 */
export function describeError(error: unknown): unknown {
  if (error instanceof UserError) return `error: ${error.message}`;
  if (!(error instanceof Deno.errors.NotCapable)) return error;
  const requirement = error.message.replace(/^Requires/, "it requires");
  return `error: Deno was not given permission: ${requirement}`;
}

/**
 * Lets a program finish what it is doing when it is asked to stop. The first SIGINT (Ctrl-C), SIGTERM
 * or SIGHUP (a closed terminal) aborts the signal returned here, and the process will end with code
 * 130, 143 or 129; a second one ends it at once. The death of `deno task` counts as SIGHUP; that of `npx`,
 * further up, cannot be seen: Deno reads `/proc` with `--allow-all` only.
 *
 * @returns A signal whose reason is the name of the system's signal.
 */
export function onInterrupt(): AbortSignal {
  let stoppedAt = -Infinity;
  const stop = (name: keyof typeof STOPPING) => {
    const code = 128 + STOPPING[name];
    // Ctrl-C can come twice: from the terminal, and passed on by `deno task`
    if (performance.now() - stoppedAt < SAME_SIGNAL_MS) return;
    if (interrupt.signal.aborted) Deno.exit(code);
    stoppedAt = performance.now();
    Deno.exitCode = code;
    interrupt.abort(name);
  };
  Deno.addSignalListener("SIGINT", () => stop("SIGINT"));
  // Windows has neither signal, and does not give orphans another parent.
  if (Deno.build.os === "windows") return interrupt.signal;
  Deno.addSignalListener("SIGTERM", () => stop("SIGTERM"));
  Deno.addSignalListener("SIGHUP", () => stop("SIGHUP"));
  if (callerFolder() !== undefined) onParentDeath(() => stop("SIGHUP"));
  return interrupt.signal;
}

/** Calls back once when the process that started this one has ended. */
function onParentDeath(listener: () => void): void {
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return;
    clearInterval(timer);
    listener();
  }, PARENT_CHECK_MS);
  Deno.unrefTimer(timer);
}
