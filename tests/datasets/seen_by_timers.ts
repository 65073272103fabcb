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
