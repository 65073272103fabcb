/** Writes text to the error stream unchanged; if nobody can read it, it is lost without an error. */
export function writeToErrorStream(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // a closed pipe or a full disk must not end a run
  }
}

/** Makes what is printed to the console, by whatever part of the program, lost without an error too. */
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
