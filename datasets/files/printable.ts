/**
 * Text that others chose, such as the name of a file, as a part of a line: control characters, which
 * could begin another line or move a terminal's cursor, are shown as `\x0a` and the like.
 */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
