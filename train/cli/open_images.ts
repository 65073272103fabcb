import type { DatasetSplits } from "../../datasets/dataset.ts";
import { type DatasetOptions, openDataset } from "../../datasets/registry.ts";
import { unlessAborted } from "./unless_aborted.ts";

/** What takes longer is announced. */
const QUICK_MS = 1000;

/**
 * Opens the images of a run, and says so where it takes a while, as decoding files does.
 *
 * @throws {UserError} They are missing, damaged or cannot be read.
 * @throws The reason of `signal` if it was stopped.
 */
export async function openImages(
  data: DatasetOptions,
  signal: AbortSignal,
): Promise<DatasetSplits> {
  const timer = setTimeout(
    () => console.error(`reading the images of ${data.name} ...`),
    QUICK_MS,
  );
  try {
    return await unlessAborted(signal, openDataset(data));
  } finally {
    clearTimeout(timer);
  }
}
