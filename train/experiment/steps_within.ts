import type { ImageDataset } from "../../datasets/dataset.ts";
import type { Device } from "../../engine/devices/device.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { releaseState } from "../run/training_state.ts";
import { TrainingStep } from "../training_step.ts";

/** The device is waited for after twice as many steps if these take less: training, too, waits twice a second. */
const SHORT_MS = 250;
/** How long steps are timed, unless a single one takes longer. */
const MAX_MS = 15_000;
/** The share of the run's time that steps are timed for, where that is less. */
const MAX_SHARE = 1 / 10;

/**
 * How many steps of a run fit into a time on this machine, at least one, by the time that some take.
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
  let done = 0;
  // how long steps take until the device is done with all of them
  const take = async (steps: number) => {
    const start = performance.now();
    const first = done;
    while (done < first + steps) await step.run(done++, batch);
    await step.metrics(first, done);
    return performance.now() - start;
  };
  try {
    // the first step is slower
    await take(1);
    // to wait after every step would cost a GPU more than the step
    let together = 1;
    while (together < step.ringLength && await take(together) < SHORT_MS) {
      together *= 2;
    }
    const available = 60_000 * minutes;
    let [steps, elapsed] = [0, 0];
    do {
      elapsed += await take(together);
      steps += together;
    } while (elapsed < Math.min(MAX_MS, MAX_SHARE * available));
    return Math.max(1, Math.floor(available * steps / elapsed));
  } finally {
    step.destroy();
    releaseState(device, { ...built, optimizer: step.optimizer });
  }
}
