import { assert, assertEquals } from "@std/assert";
import type { Communicator } from "../../../engine/communicator.ts";
import type { Device } from "../../../engine/devices/device.ts";
import { WasmDevice } from "../../../engine/devices/wasm/device.ts";
import { WebGpuDevice } from "../../../engine/devices/webgpu/device.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { captureState } from "../../../train/run/training_state.ts";
import { TrainingStep } from "../../../train/training_step.ts";
import { testOnDevices } from "../../engine/devices.ts";
import { localCommunicators } from "../../engine/local_communicators.ts";
import {
  fullModel,
  IMAGE_SIZE,
  imagesOf,
  tinyConfig,
  type TinyState,
} from "../tiny_model.ts";

/** Trains one rank on its share of the images; gives the state after some steps. */
async function trainRank(
  device: Device,
  config: Config,
  communicator: Communicator,
  steps: number,
): Promise<TinyState> {
  const built = buildModel(config, IMAGE_SIZE);
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize: IMAGE_SIZE,
    communicator,
  });
  for (let i = 0; i < steps; i++) {
    const images = await imagesOf(config, i);
    const share = images.length / communicator.size;
    const start = communicator.rank * share;
    await step.run(i, images.slice(start, start + share));
  }
  const state = await captureState(device, {
    ...built,
    optimizer: step.optimizer,
  });
  step.destroy();
  return state;
}

async function another(device: Device): Promise<Device> {
  return device.kind === "wasm"
    ? new WasmDevice(1)
    : (await WebGpuDevice.request())!;
}

/** The states of all ranks after some steps together, each on a device of its own. */
async function trainTogether(
  device: Device,
  config: Config,
  ranks: number,
  steps: number,
): Promise<TinyState[]> {
  const devices = [device];
  while (devices.length < ranks) devices.push(await another(device));
  try {
    return await Promise.all(
      localCommunicators(ranks).map((communicator, rank) =>
        trainRank(devices[rank], config, communicator, steps)
      ),
    );
  } finally {
    devices.slice(1).forEach((other) => other.destroy());
  }
}

/** The largest difference of a tensor, relative to its largest magnitude. */
function difference(a: TinyState, b: TinyState): [number, string] {
  assertEquals(Object.keys(a), Object.keys(b));
  return Object.entries(a).map(([name, { data }]): [number, string] => {
    const other = b[name].data;
    let largest = 1e-6, apart = 0;
    data.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value));
      apart = Math.max(apart, Math.abs(value - other[i]));
    });
    return [apart / largest, name];
  }).sort(([x], [y]) => y - x)[0];
}

const SYNCHRONIZED = { distributed: { statistics: "all" } };

for (
  const [name, changes] of Object.entries({
    "the baseline": {},
    "the full model": fullModel,
  })
) {
  testOnDevices(
    `TrainingStep: two processes of 16 are one of 32, ${name}`,
    async (device) => {
      const config = tinyConfig({ ...changes, ...SYNCHRONIZED, batchSize: 32 });
      const [one] = await trainTogether(device, config, 1, 20);
      const [first, second] = await trainTogether(device, config, 2, 20);
      assertEquals(first, second);
      const [apart, where] = difference(one, first);
      console.log(apart, where);
      assert(apart < 1e-3, `${where} differs by ${apart}`);
    },
  );
}
