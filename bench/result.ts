/** What a number counts. */
export type Unit = "GFLOP/s" | "ms" | "us" | "s" | "MiB" | "%" | "x";

/** The outcome of a case against one peer. */
export interface Result {
  /** The case. */
  readonly name: string;
  /** Our device. */
  readonly device: string;
  /** Whom we are compared with; `bar` is a limit that we have set ourselves. */
  readonly peer: string;
  /** `null` where we failed ourselves, as `error` says. */
  readonly ours: number | null;
  /** `null` where `missing` or `error` says why there is nothing to compare with. */
  readonly theirs: number | null;
  /** How many times better ours is. */
  readonly ratio: number | null;
  readonly unit: Unit;
  /** Why the peer did not compete. */
  readonly missing?: string;
  /** What went wrong. */
  readonly error?: string;
}

/** How many times better `ours` is: more of a rate, less of anything else. */
export function ratioOf(unit: Unit, ours: number, theirs: number): number {
  return unit === "GFLOP/s" ? ours / theirs : theirs / ours;
}

/** A line of a table to print. */
export function describe(result: Result): string {
  const { name, peer, ours, theirs, ratio, unit, missing, error } = result;
  const number = (value: number | null) =>
    (value === null
      ? "-"
      : value >= 1000
      ? value.toFixed(0)
      : value.toPrecision(4)).padStart(9);
  const start = `${name.padEnd(44)} ${number(ours)} ${unit.padEnd(8)}` +
    `${peer.padEnd(18)}`;
  if (missing) return `${start} missing: ${missing}`;
  const times = theirs === null || ratio === null
    ? ""
    : ` ${number(theirs)} ${unit.padEnd(8)} ${ratio.toFixed(2).padStart(7)}x`;
  return error ? `${start}${times} ERROR: ${error}` : start + times;
}
