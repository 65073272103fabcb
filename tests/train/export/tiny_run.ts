import { namedStates } from "../../../layers/module.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { saveCheckpoint } from "../../../train/run/checkpoint.ts";
import { createRunFolder } from "../../../train/run/run_folder.ts";
import type { StoredTensor } from "../../../train/run/safetensors_header.ts";
import { randomArray } from "../../random.ts";
import { fullModel, tinyConfig } from "../tiny_model.ts";

/** The paper's full model, tiny, for images of 32 pixels. */
export const tinyFullConfig: Config = tinyConfig({
  ...fullModel,
  data: { name: "synthetic", trainSize: 8, testSize: 4 },
});

/** Height and width of its images in pixels. */
export const IMAGE_SIZE = 32;

/** What a checkpoint may hold of a model: random parameters and running statistics, and a moment. */
export function randomTensors(config: Config): Record<string, StoredTensor> {
  const { model, parameters } = buildModel(config, IMAGE_SIZE);
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, { shape }] of parameters.entries) {
    const size = shape.reduce((product, axis) => product * axis, 1);
    tensors[name] = { shape, data: randomArray(size, -0.5, 0.5) };
  }
  for (const [name, { storage }] of namedStates(model)) {
    tensors[name] = {
      shape: [storage.size],
      data: randomArray(storage.size, 0.5, 1.5),
    };
  }
  tensors["optimizer.firstMoment.encoder.stem.weight"] = {
    shape: [1],
    data: randomArray(1),
  };
  return tensors;
}

/** Makes the folder of a run that was trained for 5 steps. */
export async function makeRun(
  path: string,
  config: Config = tinyFullConfig,
): Promise<void> {
  const run = await createRunFolder("tiny", config, path);
  await saveCheckpoint(run.checkpointsPath, {
    step: 5,
    tensors: randomTensors(config),
    metadata: { config },
  }, 1);
}
