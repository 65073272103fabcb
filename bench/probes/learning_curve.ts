/**
 * Prints, as CSV, what a linear classifier makes of layers untrained, as step 0, and at each
 * checkpoint of a run, on up to 10,000 labelled images to fit and 2,000 to test. A LAYER is any kind of
 * features that `deno task embed` writes.
 *
 *     deno run --allow-read bench/probes/learning_curve.ts RUN LAYER...
 */
import { imageSizeOf, openDataset } from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import { Context } from "../../layers/context.ts";
import { buildModel } from "../../train/build_model.ts";
import { linearProbe } from "../../train/evaluate/linear_probe.ts";
import {
  type LabelledImages,
  probeImages,
} from "../../train/evaluate/probe.ts";
import { evaluateImages } from "../../train/evaluate/evaluate_images.ts";
import { allFeatures } from "../../train/export/feature_kinds.ts";
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
  const featuresOf = (part: LabelledImages) =>
    evaluateImages(
      device,
      part,
      (images) => {
        const pixels = built.augmentation.evaluate(images);
        const features = allFeatures(built.model, pixels, new Context());
        return Object.fromEntries(
          layers.map((layer) => [layer, features[layer]]),
        );
      },
      { batchSize },
    );
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
