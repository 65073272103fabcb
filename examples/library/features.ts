/**
 * Pretrains an encoder and computes features with it, from a folder of one's own:
 *
 *     deno run --allow-read --allow-write=run features.ts
 *
 * `deno.json` beside it says where the library is.
 */
import {
  completeConfig,
  createRunFolder,
  loadRun,
  openDataset,
  openDevice,
  presets,
  pretrain,
} from "@dv2/dv2";
import { input, Program } from "@dv2/dv2/engine";
import { Context } from "@dv2/dv2/layers";

const IMAGES = 4;

const config = completeConfig({
  ...presets["baseline-tiny"].config,
  data: { name: "synthetic", trainSize: 64, testSize: 16 },
  batchSize: 8,
  steps: 2,
  warmupSteps: 1,
});
const { device } = await openDevice("wasm");
const splits = await openDataset(config.data);
const run = await createRunFolder("example", config, "run");
await pretrain(config, { device, splits, run });

const { model, augmentation, imageSize } = await loadRun(run.path, device);
// [IMAGES, 3, imageSize, imageSize] -> [IMAGES, features]
const images = input("images", [IMAGES, 3, imageSize, imageSize], "u8");
const features = model.features(augmentation.evaluate(images), new Context());
const program = await Program.compile(device, { outputs: [features] });
const bytes = await splits.unlabelled.read([...Array(IMAGES).keys()]);
const [vectors] = await program.evaluate({ images: bytes });
console.log(`${IMAGES} vectors of ${vectors.length / IMAGES} features`);
device.destroy();
