import type { DatasetSplits } from "../../../datasets/dataset.ts";
import { MemoryImages } from "../../../datasets/memory_images.ts";
import type { Device } from "../../../engine/devices/device.ts";
import { namedStates } from "../../../layers/module.ts";
import type { Config } from "../../../train/config/config.ts";
import { type LoadedRun, loadRun } from "../../../train/run/load_run.ts";
import { openRunFolder } from "../../../train/run/run_folder.ts";
import { randomArray } from "../../random.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { IMAGE_SIZE, makeRun, tinyFullConfig } from "../export/tiny_run.ts";
import { tinyConfig } from "../tiny_model.ts";

const { grid, transformer } = tinyConfig().model;
const others = { grid, transformer };

/** A run of each kind of model, as small as can be, for images of 32 pixels. */
export const configs: Readonly<Record<string, Config>> = {
  full: tinyFullConfig,
  selfie: tinyConfig({
    model: { ...others, name: "selfie", masked: 2 },
    losses: { selfie: { weight: 1 } },
  }),
  allp: tinyConfig({
    model: { ...others, name: "allp", projection: 8 },
    losses: { allp: { weight: 1 } },
  }),
};

/** Random test images of three classes, and others without labels. */
export function randomSplits(count: number): Required<DatasetSplits> {
  const draw = (count: number, labels?: Uint32Array) =>
    new MemoryImages(
      Uint8Array.from(randomArray(count * 3 * IMAGE_SIZE ** 2, 0, 256)),
      IMAGE_SIZE,
      labels,
      labels && ["cat", "dog", "<u>bird</u>"],
    );
  const labels = Uint32Array.from({ length: count }, (_, i) => i % 3);
  return {
    unlabelled: draw(3),
    train: draw(count, labels),
    test: draw(count, labels),
  };
}

/** A run with random weights after 5 steps, in a folder of its own. */
export async function withRun(
  device: Device,
  config: Config,
  test: (folder: RunUnderTest) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  await makeRun(`${folder.path}/run`, config);
  const { run } = await openRunFolder(`${folder.path}/run`);
  const loaded = await loadRun(run.path, device);
  try {
    await test({ run, loaded, folder });
  } finally {
    device.release(loaded.parameters.storage);
    for (const { storage } of namedStates(loaded.model).values()) {
      device.release(storage);
    }
  }
}

/** What a test of a run is given. */
export interface RunUnderTest {
  readonly run: Awaited<ReturnType<typeof openRunFolder>>["run"];
  readonly loaded: LoadedRun;
  readonly folder: TemporaryFolder;
}
