import type { Cell } from "./cells.ts";
import type { CellResult } from "./run_cell.ts";

/** A run of an experiment and its results. */
export interface FinishedCell {
  /** The run. */
  readonly cell: Cell;
  /** Its results, or in a sentence why there are none. */
  readonly result: CellResult | string;
}

/** What failed of a run, a line each: all of it, or the fine-tunings of single columns. */
export function failuresOf(
  { cell: { label }, result }: FinishedCell,
): string[] {
  if (typeof result === "string") return [`${label}: ${result}`];
  return Object.entries(result.failed).map(([column, message]) =>
    `${label}, ${column}: ${message}`
  );
}
