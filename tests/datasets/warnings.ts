/** Runs something, which sees what it has warned of so far, and gives what it warned of, line by line. */
export async function warningsOf<T>(
  run: (lines: readonly string[]) => Promise<T>,
): Promise<{ readonly lines: string[]; readonly result: T }> {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => lines.push(line);
  try {
    return { result: await run(lines), lines };
  } finally {
    console.warn = warn;
  }
}
