import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { Program, type ProgramDefinition } from "../../engine/program.ts";
import { input, type Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { flattenGradients } from "../../layers/packing.ts";
import { AdamW } from "../../train/adamw.ts";
import { buildModel } from "../../train/build_model.ts";
import type { Config } from "../../train/config/config.ts";
import { type TrainingParts, TrainingStep } from "../../train/training_step.ts";
import { IMAGE_SIZE, presetConfig } from "../models.ts";
import { randomValues } from "../values.ts";
import type { Contender, TrainingWork } from "../work.ts";
import { finished, release } from "./replay.ts";

const CHECKED_STEPS = 3;

/**
 * What is timed of a preset is its step as it is shipped, with augmentation, dropout and metrics; what
 * is compared is the plain loss with its optimiser. Of the classifier they are one and the same.
 */
export async function trainingContender(
  device: Device,
  work: TrainingWork,
): Promise<Contender> {
  if (work.model === "resnet50") return await plainStep(device, work);
  return {
    ...await shippedStep(device, presetConfig(work.model)),
    async result() {
      const plain = await plainStep(device, work);
      const losses = await plain.result();
      await plain.close();
      return losses;
    },
  };
}

async function plainStep(
  device: Device,
  work: TrainingWork,
): Promise<Contender> {
  const { definition, optimizer } = plainDefinition(work);
  const program = await Program.compile(device, definition);
  let step = 0;
  const run = () =>
    program.run({
      ...work.feeds,
      optimizer: optimizer.feed(step++, work.optimizer.learningRate),
    });
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await run();
      await finished(device);
    },
    async result() {
      const losses: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) {
        await run();
        losses.push((await program.read())[0][0]);
      }
      return losses;
    },
    close: () => release(device, program),
  };
}

/** The loss, and the update of parameters and statistics. */
export function plainDefinition(
  { loss, parameters, statistics, optimizer: options }: TrainingWork,
): { readonly definition: ProgramDefinition; readonly optimizer: AdamW } {
  const tensors = [...parameters.values()];
  const optimizer = new AdamW(storageOf(tensors[0]), {
    ...options,
    clipNorm: 0,
  });
  const { assignments } = optimizer.update(
    flattenGradients(gradient(loss, tensors)),
    input("optimizer", [3]),
  );
  return {
    definition: {
      outputs: [loss],
      assignments: [...assignments, ...statistics],
    },
    optimizer,
  };
}

function storageOf({ operation }: Tensor): Storage {
  if (operation.kind === "state") return operation.storage;
  throw new TypeError(`${operation.kind} is no state`);
}

/** The parts of the step that `deno task pretrain` runs. */
export function shippedParts(config: Config): TrainingParts {
  return { config, ...buildModel(config, IMAGE_SIZE), imageSize: IMAGE_SIZE };
}

async function shippedStep(
  device: Device,
  config: Config,
): Promise<Omit<Contender, "result">> {
  const parts = shippedParts(config);
  const step = await TrainingStep.compile(device, parts);
  const images = someImages(config);
  let done = 0;
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await step.run(done++, images);
      await finished(device);
    },
    close: () => release(device, step),
  };
}

/** Stored images for one step. */
export function someImages(config: Config): Uint8Array<ArrayBuffer> {
  const instances = config.batchSize / config.views;
  return Uint8Array.from(
    randomValues(instances * 3 * IMAGE_SIZE ** 2),
    (value) => 127.5 * (value + 1),
  );
}
