/**
 * Prints, as CSV, what a linear classifier makes of layers at each checkpoint of a run, on up to
 * 10,000 labelled images to fit and 2,000 to test.
 *
 *     deno run --allow-read bench/probes/learning_curve.ts RUN LAYER...
 */
import { openDataset } from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import { linearProbe } from "../../train/evaluate/linear_probe.ts";
import { probeImages } from "../../train/evaluate/probe.ts";
import { computeFeatures } from "../../train/evaluate/compute_features.ts";
import { listCheckpoints } from "../../train/run/checkpoint.ts";
import { loadRun, openRun } from "../../train/run/load_run.ts";

const [path, ...layers] = Deno.args;
const { run, config } = await openRun(path);
const { device } = await openDevice("wasm");
const images = probeImages(await openDataset(config.data), {
  train: 10_000,
  test: 2000,
})!;
console.log("layer,step,accuracy");
for (const step of await listCheckpoints(run.checkpointsPath)) {
  const built = await loadRun(path, device, step);
  const { batchSize } = config.evaluation;
  const train = await computeFeatures(device, built, images.train, {
    batchSize,
  });
  const test = await computeFeatures(device, built, images.test, { batchSize });
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
