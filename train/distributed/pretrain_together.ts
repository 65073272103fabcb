import type { ImageDataset } from "../../datasets/dataset.ts";
import type { Fingerprint } from "../../datasets/fingerprint.ts";
import type { Communicator } from "../../engine/communicator.ts";
import type { Device } from "../../engine/devices/device.ts";
import { UserError } from "../../engine/user_error.ts";
import { buildModel } from "../build_model.ts";
import { type Config, configSchema } from "../config/config.ts";
import { loadInitialWeights } from "../initial_weights.ts";
import { REMEDY } from "../pretrain.ts";
import { warnOfProcesses } from "../run/processes.ts";
import { readCheckpoint } from "../run/resume.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { restoreState, type TrainingState } from "../run/training_state.ts";
import {
  type LoopOptions,
  type LoopResult,
  TrainingLoop,
} from "../training_loop.ts";
import { TrainingStep } from "../training_step.ts";
import { checkSameImages } from "./same_images.ts";
import { gatherJson, shareJson, shareState } from "./share.ts";

/** What a process needs to take part in a run. */
export interface TogetherOptions
  extends Pick<LoopOptions, "signal" | "onStep"> {
  /** The processes that share the batches. */
  readonly communicator: Communicator;
  /** Where this one computes. */
  readonly device: Device;
  /** All images, of which it takes its part. */
  readonly images: ImageDataset;
  /** What identifies their files; absent where there are none. */
  readonly fingerprint?: Fingerprint;
  /**
   * Gives the run to resume from its latest checkpoint, written by any number of processes, and makes
   * its changes; called on rank 0 alone, once all processes are ready. Without it a run begins.
   */
  readonly resumeRun?: () => Promise<RunFolder>;
  /** Makes the folder of a new run; called on rank 0 alone, once all processes can begin. */
  readonly createRun: () => Promise<RunFolder>;
  /** Called before the first step, with the number of steps done and what each rank computes on. */
  readonly onStart?: (
    step: number,
    run: RunFolder,
    devices: readonly string[],
  ) => void;
}

/**
 * Takes the steps of pretraining in several processes, each with its part of every batch and of its
 * random numbers.
 *
 * @throws {UserError} if something does not fit, cannot be read or written, the loss is not finite, or
 * the processes have other images than rank 0 or come to different weights.
 */
export async function pretrainTogether(
  config: Config,
  options: TogetherOptions,
): Promise<LoopResult> {
  const { communicator, device, images, fingerprint } = options;
  checkShares(config, communicator);
  await checkSameImages(communicator, images.size, fingerprint);
  const devices = await gatherJson(nameOf(device), communicator);
  const { imageSize } = images;
  const isFirst = communicator.rank === 0;
  const resumed = isFirst ? await options.resumeRun?.() : undefined;
  const checkpoint = resumed &&
    await readCheckpoint(config, resumed, configSchema);
  if (checkpoint) warnOfProcesses(config, checkpoint, communicator.size);
  const built = buildModel(config, imageSize);
  // the other ranks get them with the rest of the state
  if (isFirst && !checkpoint) await loadInitialWeights(built, config);
  const step = await TrainingStep.compile(device, {
    config,
    ...built,
    imageSize,
    communicator,
  });
  const state: TrainingState = { ...built, optimizer: step.optimizer };
  if (checkpoint) await restoreState(device, state, checkpoint.tensors);
  await shareState(device, state, communicator);
  // completes once all have come this far: nothing is written for a run that one of them cannot begin
  await communicator.allGather(
    new Uint8Array(1),
    new Uint8Array(communicator.size),
  );
  const { run, done } = await shareJson(
    isFirst
      ? {
        run: resumed ?? await options.createRun(),
        done: checkpoint?.step ?? 0,
      }
      : undefined,
    communicator,
  );
  options.onStart?.(done, run, devices);
  const loop = new TrainingLoop(
    config,
    {
      ...options,
      run,
      remedy: REMEDY,
      saveAtStart: done === 0,
      devicesDiffer: new Set(devices).size > 1,
    },
    step,
    state,
    done,
  );
  return await loop.run();
}

/** What a device is, without the number of its threads: any gives the same, bit for bit. */
function nameOf({ description }: Device): string {
  return description.replace(/, \d+ threads?$/, "");
}

function checkShares(
  { batchSize, views }: Config,
  { size }: Communicator,
): void {
  if (batchSize / views % size === 0) return;
  throw new UserError(
    `batchSize ${batchSize} with ${views} views is ${
      batchSize / views
    } images, which ${size} processes ` +
      `cannot share equally; set batchSize to a multiple of ${views * size}`,
  );
}
