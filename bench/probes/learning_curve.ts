/**
 * Prints, as CSV, what a linear classifier makes of layers untrained, as step 0, and at each
 * checkpoint of a run, on up to 10,000 labelled images to fit and 2,000 to test. The LAYER `all` is
 * every layer beside the others.
 *
 *     deno run --allow-read bench/probes/learning_curve.ts RUN LAYER...
 */
import { imageSizeOf, openDataset } from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import { buildModel } from "../../train/build_model.ts";
import type { Features } from "../../train/evaluate/features.ts";
import { linearProbe } from "../../train/evaluate/linear_probe.ts";
import {
  type LabelledImages,
  probeImages,
} from "../../train/evaluate/probe.ts";
import {
  computeFeatures,
  type NamedFeatures,
} from "../../train/evaluate/compute_features.ts";
import { listCheckpoints } from "../../train/run/checkpoint.ts";
import { loadRun, openRun } from "../../train/run/load_run.ts";

const [path, ...layers] = Deno.args;
const { run, config } = await openRun(path);
const { device } = await openDevice("wasm");
const images = probeImages(await openDataset(config.data), {
  train: 10_000,
  test: 2000,
})!;
const { batchSize } = config.evaluation;
console.log("layer,step,accuracy");
for (
  const step of new Set([0, ...await listCheckpoints(run.checkpointsPath)])
) {
  const built = step === 0
    ? buildModel(config, imageSizeOf(config.data))
    : await loadRun(path, device, step);
  const featuresOf = async (part: LabelledImages) =>
    withAll(await computeFeatures(device, built, part, { batchSize }));
  const train = await featuresOf(images.train);
  const test = await featuresOf(images.test);
  for (const layer of layers) {
    const { accuracy } = await linearProbe(
      device,
      { ...train[layer], labels: images.train.labels },
      { ...test[layer], labels: images.test.labels },
      config.seed,
    );
    console.log(`"${layer}",${step},${accuracy}`);
  }
}
device.destroy();

/** The layers, and `all`: each beside the others, but `I, Î`, which is I and Î already. */
function withAll({ "I, Î": both, ...layers }: NamedFeatures): NamedFeatures {
  const parts = Object.values(layers);
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const rows = parts[0].values.length / parts[0].width;
  const all: Features = { width, values: new Float32Array(rows * width) };
  let column = 0;
  for (const { width, values } of parts) {
    for (let row = 0; row < rows; row++) {
      const from = values.subarray(row * width, (row + 1) * width);
      all.values.set(from, row * all.width + column);
    }
    column += width;
  }
  return { ...layers, ...both && { "I, Î": both }, all };
}
