import type { ImageDataset } from "../../datasets/dataset.ts";
import type { Device } from "../../engine/devices/device.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { releaseState } from "../run/training_state.ts";
import { TrainingStep } from "../training_step.ts";

/** Steps before the clock starts: the first ones are slower. */
const WARMUP_STEPS = 2;
/** Steps that are timed, at most. */
const MAX_STEPS = 10;
/** How long steps are timed, unless a single one takes longer. */
const MAX_MS = 15_000;

/**
 * How many steps of a run fit into a time on this machine, at least one, by the time that a few take.
 */
export async function stepsWithin(
  minutes: number,
  config: Config,
  images: ImageDataset,
  device: Device,
): Promise<number> {
  const { imageSize } = images;
  const built = buildModel(config, imageSize);
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize,
  });
  const length = config.batchSize / config.views;
  const batch = await images.read(
    Uint32Array.from({ length }, (_, i) => i % images.size),
  );
  const take = async (number: number) => {
    await step.run(number, batch);
    // waits until the device is done
    await step.metrics(number, number + 1);
  };
  try {
    for (let i = 0; i < WARMUP_STEPS; i++) await take(i);
    const start = performance.now();
    let steps = 0;
    let elapsed = 0;
    while (steps < MAX_STEPS && elapsed < MAX_MS) {
      await take(WARMUP_STEPS + steps++);
      elapsed = performance.now() - start;
    }
    return Math.max(1, Math.floor(60_000 * minutes * steps / elapsed));
  } finally {
    step.destroy();
    releaseState(device, { ...built, optimizer: step.optimizer });
  }
}
