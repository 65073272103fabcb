/**
 * A path as it is typed into a terminal: in single quotes where it needs them, as a shell replaces
 * nothing within these.
 */
export function quoted(path: string): string {
  return /[^\p{L}\p{N}./:_-]/u.test(path)
    ? `'${path.replaceAll("'", `'\\''`)}'`
    : path;
}
