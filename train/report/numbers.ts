import { percentage } from "../evaluate/percentage.ts";

/** A share in per cent with its sign, which stays on its line. */
export function percent(share: number): string {
  return `${percentage(share)}\u00a0%`;
}

/** A number in at most four significant digits. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(4)));
}
