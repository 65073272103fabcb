/** A row of a CSV file (RFC 4180), with its line end. */
export function csvRow(values: readonly (string | number)[]): string {
  return values.map(quote).join(",") + "\r\n";
}

function quote(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
