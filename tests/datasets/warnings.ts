/** Runs something and gives what it warned of meanwhile, line by line. */
export async function warningsOf<T>(
  run: () => Promise<T>,
): Promise<{ readonly lines: string[]; readonly result: T }> {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => lines.push(line);
  try {
    return { result: await run(), lines };
  } finally {
    console.warn = warn;
  }
}
