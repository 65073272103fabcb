import type { DatasetSplits } from "../../datasets/dataset.ts";
import type { DatasetOptions } from "../../datasets/registry.ts";
import { UserError } from "../../engine/user_error.ts";
import { probeImages } from "../evaluate/probe.ts";
import type { Cell } from "./cells.ts";
import type { Experiment } from "./experiment_file.ts";

/** Whether there are labels does not depend on how many images are taken. */
const ALL = { train: Infinity, test: Infinity };

/**
 * Refuses images without labels where an experiment measures by them: before anything is pretrained.
 *
 * @param open Opens a data set; each is opened once.
 * @throws {UserError} if there are no labels, or a data set cannot be opened.
 */
export async function checkLabels(
  { probe, finetune }: Pick<Experiment, "probe" | "finetune">,
  cells: readonly Cell[],
  open: (data: DatasetOptions) => Promise<DatasetSplits>,
): Promise<void> {
  if (probe === null && Object.keys(finetune).length === 0) return;
  const checked = new Set<string>();
  for (const { row, config } of cells) {
    const key = JSON.stringify(config.data);
    if (checked.has(key)) continue;
    checked.add(key);
    const splits = await open(config.data);
    const images = probeImages(splits, ALL);
    Object.values(splits).forEach((split) => split?.close());
    if (images) continue;
    throw new UserError(
      `row ${
        JSON.stringify(row)
      }: its images have no labels to measure by; set probe to null and leave out finetune`,
    );
  }
}
