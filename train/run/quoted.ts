/** A path as it is typed into a terminal: in quotation marks where it needs them. */
export function quoted(path: string): string {
  return /[^\p{L}\p{N}./:\\_-]/u.test(path) ? `"${path}"` : path;
}
