import type { Rows } from "./check.ts";

/** The mean squared distance of rows from their mean, times their number. */
function spread(rows: Rows): number {
  const width = rows[0].length;
  let total = 0;
  for (let i = 0; i < width; i++) {
    const column = rows.map((row) => row[i]);
    const mean = column.reduce((sum, value) => sum + value) / rows.length;
    for (const value of column) total += (value - mean) ** 2;
  }
  return total;
}

/** 1 minus the share of the variance of rows that is left within their groups. */
export function naiveExplainedVariance(
  rows: Rows,
  groupOf: (row: number) => string | number,
): number {
  const groups = Map.groupBy(rows.keys(), groupOf);
  let within = 0;
  for (const members of groups.values()) {
    within += spread(members.map((row) => rows[row]));
  }
  return 1 - within / spread(rows);
}
