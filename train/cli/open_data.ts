import { counted } from "../../datasets/counted.ts";
import type { DatasetSplits, OpenOptions } from "../../datasets/dataset.ts";
import { type DatasetOptions, openDataset } from "../../datasets/registry.ts";
import { checkData } from "../run/data_identity.ts";
import type { OpenedRun } from "../run/load_run.ts";
import { Progress } from "./progress.ts";
import { unlessAborted } from "../unless_aborted.ts";

/** Where decoded pictures are kept, beside the data sets that are downloaded. */
export const CACHE = "data/cache";

/**
 * How commands open data sets: with a cache of decoded pictures, and a progress bar while one is
 * made.
 */
export function opening(): OpenOptions {
  return {
    cache: CACHE,
    onDecoded: shown((pictures) => `decoding ${pictures}`),
    onLookedUp: shown(
      (pictures) => `looking for ${pictures} among those decoded earlier`,
      LOOKING_MS,
    ),
  };
}

/** Looking up is shown where it takes longer. */
const LOOKING_MS = 1000;

/** Shows progress that has gone on for some milliseconds. */
function shown(
  what: (pictures: string) => string,
  after = 0,
): (done: number, total: number) => void {
  let start: number | undefined;
  let progress: Progress | undefined;
  return (done, total) => {
    start ??= performance.now();
    if (!progress) {
      if (performance.now() - start < after) return;
      console.error(`data: ${what(counted(total, "picture"))} ...`);
      progress = new Progress({ total, start: done, unit: "pictures" });
    }
    progress.update(done, {});
    if (done < total) return;
    progress.finish();
    progress = undefined;
  };
}

/**
 * Opens the data set of a run, as {@linkcode opening} says.
 *
 * @throws {UserError} It is missing, damaged or cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export function openData(
  data: DatasetOptions,
  signal: AbortSignal,
): Promise<DatasetSplits> {
  return unlessAborted(signal, openDataset(data, opening()));
}

/**
 * Opens the data set of a run that is to be measured, as {@linkcode openData} does.
 *
 * @throws {UserError} It is missing, damaged, cannot be read, or does not have the images that the run
 * was trained on.
 * @throws The reason of `signal` if it was stopped.
 */
export async function openDataOf(
  { run, config }: OpenedRun,
  signal: AbortSignal,
): Promise<DatasetSplits> {
  await checkData(run, config.data);
  return await openData(config.data, signal);
}
