/** Lets timers and signals through, such as that of Ctrl-C, which wait while files are read synchronously. */
export function letSignalsThrough(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
