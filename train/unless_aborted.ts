/**
 * For work that cannot be stopped.
 *
 * @throws The reason of `signal` as soon as it aborts, at once if it has.
 */
export function unlessAborted<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([aborted, work]);
}
