import { assert } from "@std/assert";

/** What timers see of a number while something runs that lets them through. */
export async function seenByTimers(
  run: () => Promise<unknown>,
  number: () => number,
): Promise<number[]> {
  const seen = new Set<number>();
  const timer = setInterval(() => seen.add(number()), 0);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
  return [...seen];
}

/** Asserts that timers come in while `look` looks at many files that are not there. */
export async function assertTimersBetweenFiles(
  look: (folder: string, names: readonly string[]) => Promise<unknown>,
): Promise<void> {
  const names = Array.from({ length: 10_000 }, (_, i) => `${i}.png`);
  const { statSync } = Deno;
  let looked = 0;
  Deno.statSync = (path) => {
    looked++;
    return statSync(path);
  };
  try {
    const seen = await seenByTimers(
      () => look("missing", names),
      () => looked,
    );
    assert(seen.some((count) => count > 0 && count < names.length), `${seen}`);
  } finally {
    Deno.statSync = statSync;
  }
}
