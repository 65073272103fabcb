import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Communicator } from "../../../engine/communicator.ts";
import type { Device } from "../../../engine/devices/device.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { captureState } from "../../../train/run/training_state.ts";
import { TrainingStep } from "../../../train/training_step.ts";
import { testOnDevices, testOnWasm } from "../../engine/devices.ts";
import { onRanks } from "../../engine/local_communicators.ts";
import {
  fullModel,
  IMAGE_SIZE,
  imagesOf,
  tinyConfig,
  type TinyState,
} from "../tiny_model.ts";

/** What a rank has after some steps. */
interface Trained {
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** The state after the first step, and after the last. */
  readonly states: readonly [TinyState, TinyState];
}

/** Trains one rank on its share of the images. */
async function trainRank(
  device: Device,
  config: Config,
  communicator: Communicator,
  steps: number,
): Promise<Trained> {
  const built = buildModel(config, IMAGE_SIZE);
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize: IMAGE_SIZE,
    communicator,
  });
  const state = () =>
    captureState(device, { ...built, optimizer: step.optimizer });
  const losses: number[] = [];
  let first: TinyState | undefined;
  for (let i = 0; i < steps; i++) {
    const images = await imagesOf(config, i);
    const share = images.length / communicator.size;
    const start = communicator.rank * share;
    await step.run(i, images.slice(start, start + share));
    losses.push((await step.metrics(i, i + 1))[0].loss);
    first ??= await state();
  }
  const last = await state();
  step.destroy();
  return { losses, states: [first!, last] };
}

/** What all ranks have after some steps together. */
function trainTogether(
  device: Device,
  config: Config,
  ranks: number,
  steps: number,
): Promise<Trained[]> {
  return onRanks(
    device,
    ranks,
    (device, communicator) => trainRank(device, config, communicator, steps),
  );
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

testOnDevices(
  "TrainingStep: two processes of 16 are one of 32 over 20 steps, and hold the same to the last bit",
  async (device) => {
    const config = tinyConfig({
      // drivers in software compile shaders for minutes
      ...(device.kind === "wasm" && fullModel),
      distributed: { statistics: "all" },
      batchSize: 32,
      seed: 1,
    });
    const [one] = await trainTogether(device, config, 1, 20);
    const [first, second] = await trainTogether(device, config, 2, 20);
    assertEquals(first, second);
    const [apart, where] = difference(one.states[0], first.states[0]);
    assert(apart < 1e-3, `${where} differs by ${apart}`);
    // in later steps rounding moves a rectifier's input across 0 now and then, and its gradient with it
    one.losses.forEach((loss, step) =>
      assertAlmostEquals(first.losses[step] / loss, 1, 2e-4, `step ${step}`)
    );
  },
);

testOnWasm(
  "TrainingStep: three processes hold the same to the last bit, each with statistics and negatives of its own",
  async (device) => {
    const config = tinyConfig({
      ...fullModel,
      distributed: { negatives: "local" },
      batchSize: 12,
    });
    const [first, ...others] = await trainTogether(device, config, 3, 3);
    for (const other of others) assertEquals(first, other);
    const [alone] = await trainTogether(device, config, 1, 1);
    // each has fewer negatives
    assert(Math.abs(alone.losses[0] / first.losses[0] - 1) > 1e-3);
  },
);
