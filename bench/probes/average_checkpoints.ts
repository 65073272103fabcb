/**
 * Copies a run with one checkpoint: that of the last step named, its numbers the mean of those of all.
 *
 *     deno run --allow-read --allow-write bench/probes/average_checkpoints.ts RUN OUT STEP...
 */
import { loadCheckpoint, saveCheckpoint } from "../../train/run/checkpoint.ts";
import type { StoredTensor } from "../../train/run/safetensors_header.ts";

const [run, out, ...steps] = Deno.args;
const checkpoints = await Promise.all(
  steps.map((step) => loadCheckpoint(`${run}/checkpoints`, Number(step))),
);
const last = checkpoints.at(-1)!;
const tensors = Object.fromEntries(
  Object.entries(last.tensors).map(([name, tensor]) => [
    name,
    mean(checkpoints.map(({ tensors }) => tensors[name]), tensor),
  ]),
);
await saveCheckpoint(`${out}/checkpoints`, { ...last, tensors }, 1);
await Deno.copyFile(`${run}/config.json`, `${out}/config.json`);

/** The mean of tensors of floats; of others the last. */
function mean(all: readonly StoredTensor[], last: StoredTensor): StoredTensor {
  if (!(last.data instanceof Float32Array)) return last;
  const data = last.data.map((_, i) =>
    all.reduce((sum, tensor) => sum + tensor.data[i], 0) / all.length
  );
  return { ...last, data };
}
