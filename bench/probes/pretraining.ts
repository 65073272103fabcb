import { openDataset } from "../../datasets/registry.ts";
import { type DeviceChoice, openDevice } from "../../engine/open_device.ts";
import type { Config } from "../../train/config/config.ts";
import { pretrain } from "../../train/pretrain.ts";
import { createRunFolder } from "../../train/run/run_folder.ts";

/** Pretrains on the device that the arguments name, without evaluation, in a folder that is removed afterwards. */
export async function pretrainBriefly(
  config: Config,
  onStep: (step: number) => void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const { unlabelled } = await openDataset(config.data);
  const { device } = await openDevice(Deno.args[0] as DeviceChoice);
  try {
    const run = await createRunFolder("probe", config, `${folder}/run`);
    await pretrain(config, { device, splits: { unlabelled }, run, onStep });
  } finally {
    device.destroy();
    await Deno.remove(folder, { recursive: true });
  }
}
