import { UserError } from "../../engine/user_error.ts";
import { type ProbeResults, readProbe } from "../evaluate/probe_file.ts";
import type { FinetuneResult } from "../finetune/finetune_result.ts";
import { planFinetune, readFinetuneResult } from "../finetune/finetune_run.ts";
import { listCheckpoints } from "../run/checkpoint.ts";
import { openBegun } from "./begun_run.ts";
import type { Cell } from "./cells.ts";
import type { ProbeCounts } from "./experiment_file.ts";
import type { FinishedCell } from "./finished_cell.ts";
import { finetunePath, probePath } from "./result_paths.ts";
import type { CellOptions, CellResult } from "./run_cell.ts";

/**
 * The cells of an experiment that are finished by now: those of this process, and of the others those
 * whose folders hold all results, from before or of another process. Computes nothing.
 *
 * @param path The folder of the runs.
 * @param finished Those of this process.
 * @returns Cells in the order of the experiment.
 */
export async function withStored(
  cells: readonly Cell[],
  path: string,
  experiment: CellOptions["experiment"],
  finished: readonly FinishedCell[],
): Promise<FinishedCell[]> {
  const all: FinishedCell[] = [];
  for (const cell of cells) {
    const ours = finished.find((other) => other.cell === cell);
    const result = ours?.result ??
      await storedResult(cell, `${path}/${cell.name}`, experiment);
    if (result !== undefined) all.push({ cell, result });
  }
  return all;
}

/** What `runCell` would give without computing anything; `undefined` where something is left to do. */
async function storedResult(
  { config }: Cell,
  path: string,
  { minutes, probe, finetune }: CellOptions["experiment"],
): Promise<CellResult | undefined> {
  try {
    const begun = await openBegun(path, config, { minutes });
    if (!begun) return undefined;
    const { steps } = begun.config;
    const checkpoints = await listCheckpoints(begun.run.checkpointsPath);
    if (checkpoints.at(-1) !== steps) return undefined;
    const layers = probe ? await readProbe(probePath(path)) : undefined;
    if (probe && !(layers && isComplete(layers, steps, probe))) {
      return undefined;
    }
    const finetuned: Record<string, FinetuneResult> = {};
    for (const [column, settings] of Object.entries(finetune)) {
      const out = finetunePath(path, column);
      const plan = await planFinetune(begun, settings, out);
      const result = await readFinetuneResult(plan);
      if (!result) return undefined;
      finetuned[column] = result;
    }
    return { steps, layers, finetuned, failed: {} };
  } catch (error) {
    // it is named when the cell's turn comes
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Whether all layers are measured, and with no more images than are asked for: fewer may be all. */
function isComplete(
  { step, trained, untrained }: ProbeResults,
  steps: number,
  { train, test }: ProbeCounts,
): boolean {
  const measured = Object.values(trained);
  // the untrained encoder, which has the same layers, is measured first
  return step === steps && measured.length > 0 &&
    measured.length === Object.keys(untrained).length &&
    measured.every(({ linear: { fitted, heldOut, images } }) =>
      fitted + heldOut <= train && images <= test
    );
}
