import type { Cell } from "./cells.ts";
import { claim } from "../run/claim.ts";
import type { FinishedCell } from "./finished_cell.ts";
import { messageOf } from "./message_of.ts";
import type { CellResult } from "./run_cell.ts";

/** What {@linkcode runExperiment} needs besides the cells. */
export interface ExperimentOptions {
  /** The folder of the runs. */
  readonly path: string;
  /** Runs a cell in a folder, or what is left of it. */
  readonly run: (cell: Cell, path: string) => Promise<CellResult>;
  /** Called after each cell with all so far, in the order of the experiment. */
  readonly onFinished: (cells: readonly FinishedCell[]) => Promise<void>;
  /** Stops between two cells. */
  readonly signal: AbortSignal;
}

/**
 * Runs the cells of an experiment, each of which continues where it was stopped. A cell that fails
 * does not prevent others from running. Several processes may share the work: each takes what no other has.
 *
 * @returns The cells that another process still has.
 * @throws The reason of `signal` if it was stopped.
 */
export async function runExperiment(
  cells: readonly Cell[],
  { path, run, onFinished, signal }: ExperimentOptions,
): Promise<Cell[]> {
  const results = new Map<Cell, CellResult | string>();
  while (true) {
    let progress = false;
    for (const cell of cells) {
      if (results.has(cell)) continue;
      signal.throwIfAborted();
      using lock = await claim(`${path}/locks/${cell.name}`);
      if (!lock) continue;
      progress = true;
      try {
        results.set(cell, await run(cell, `${path}/${cell.name}`));
      } catch (error) {
        signal.throwIfAborted();
        results.set(cell, messageOf(error));
      }
      await onFinished(cells.flatMap((cell) => {
        const result = results.get(cell);
        return result === undefined ? [] : [{ cell, result }];
      }));
    }
    const others = cells.filter((cell) => !results.has(cell));
    // what another process was running may be done by now
    if (others.length === 0 || !progress) return others;
  }
}
