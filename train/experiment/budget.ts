import { z } from "zod";
import { writeJsonAtomically } from "../../datasets/files/atomic_file.ts";
import { readNote } from "../run/note_file.ts";
import type { RunFolder } from "../run/run_folder.ts";
import type { Experiment } from "./experiment_file.ts";

/** How long a run pretrains, as the experiment says: the steps that follow from it do not tell. */
export type Budget = Pick<Experiment, "minutes">;

const schema: z.ZodType<Budget> = z.strictObject({
  minutes: z.number().positive().optional(),
});

/**
 * Notes the budget of a run in its folder.
 *
 * @throws {UserError} The file cannot be written.
 */
export function writeBudget(
  { budgetPath }: RunFolder,
  { minutes }: Budget,
): Promise<void> {
  return writeJsonAtomically(budgetPath, { minutes });
}

/**
 * The budget that is noted in the folder of a run.
 *
 * @returns `undefined` where there is no note, as in folders of earlier versions.
 * @throws {UserError} The note is damaged or cannot be read.
 */
export function readBudget(
  { budgetPath }: RunFolder,
): Promise<Budget | undefined> {
  return readNote(budgetPath, schema, "minutes");
}
