/** A share of 1 in per cent with one decimal, without the sign. */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** A number in at most four significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(4)));
}
