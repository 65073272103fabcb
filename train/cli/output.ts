import { writeAll } from "../../datasets/files/atomic_file.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/** Writes text to the error stream unchanged; if nobody can read it, it is lost without an error. */
export function writeToErrorStream(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // a closed pipe or a full disk must not end a run
  }
}

/**
 * Makes what is printed to the console, by whatever part of the program, lost without an error too; what
 * must not be lost is for {@linkcode printProduct}.
 */
export function tolerateLostOutput(): void {
  for (const name of ["log", "warn", "error"] as const) {
    const print = console[name];
    console[name] = (...values: unknown[]) => {
      try {
        print(...values);
      } catch {
        // as above
      }
    };
  }
}

/**
 * Prints what a command was asked for and puts nowhere else, a line or more at a time. It ends early
 * where the reader goes away, as `head` does once it has seen enough.
 *
 * @throws {UserError} It cannot be written, as on a full disk.
 */
export async function printProduct(
  parts: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  for await (const part of parts) {
    if (!await reachesReader(`${part}\n`)) return;
  }
}

async function reachesReader(text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text);
  return await withFileErrors("cannot write the output", async () => {
    try {
      await writeAll(Deno.stdout, bytes);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) return false;
      throw error;
    }
  });
}
