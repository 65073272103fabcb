import { imageSizeOf } from "../datasets/registry.ts";
import type { DeviceLimits } from "../engine/devices/device.ts";
import { bytesOf, wholeOf } from "../engine/compile/memory.ts";
import { planProgram } from "../engine/program.ts";
import type { Storage } from "../engine/graph/tensor.ts";
import { type Work, workOf } from "../engine/compile/work.ts";
import { namedInstances, namedStates } from "../layers/module.ts";
import { Vocabulary } from "../vocab/vocabulary.ts";
import { buildModel } from "./build_model.ts";
import type { Config } from "./config/config.ts";
import { traceStep } from "./training_step.ts";

/** The memory that a step needs, in bytes. */
export interface StepMemory {
  /** Parameters of the model. */
  readonly parameters: number;
  /** Both moments of AdamW. */
  readonly optimizer: number;
  /** All states of the vocabularies. */
  readonly vocabulary: number;
  /** Activations, gradients and everything else that is not kept after the step. */
  readonly activations: number;
  /** Other states, such as running statistics, and the metrics. */
  readonly other: number;
}

/** What training with a config would take. */
export interface StepEstimate {
  /** Memory of a step. */
  readonly memory: StepMemory;
  /** The largest single buffer: its size, and what it holds. */
  readonly largest: { readonly bytes: number; readonly label: string };
  /** Operations of a step. */
  readonly work: Work;
}

/**
 * Plans a step without running it, and without the images.
 *
 * @throws {UserError} if the parts of the config do not fit together.
 */
export function estimateStep(
  config: Config,
  limits: DeviceLimits,
): StepEstimate {
  const imageSize = imageSizeOf(config.data);
  const built = buildModel(config, imageSize);
  const { definition, optimizer } = traceStep({ config, ...built, imageSize });
  const plan = planProgram(definition, {
    ...limits,
    maxBufferBytes: Infinity,
    maxBlockBytes: Infinity,
  });
  const vocabularies = new Set(
    [...namedInstances(built.model, Vocabulary).values()]
      .flatMap((vocabulary) => [...namedStates(vocabulary).values()])
      .map(({ storage }) => storage),
  );
  const kindOf = (storage: Storage) => {
    if (storage === built.parameters.storage) return "parameters";
    if (storage === optimizer.firstMoment) return "optimizer";
    if (storage === optimizer.secondMoment) return "optimizer";
    return vocabularies.has(storage) ? "vocabulary" : "other";
  };
  const memory = {
    parameters: 0,
    optimizer: 0,
    vocabulary: 0,
    activations: plan.arenaBytes,
    other: 0,
  };
  let largest = { bytes: 0, label: "" };
  const storages = new Set<Storage>();
  for (const { inputs, output } of plan.dispatches) {
    for (const part of [...inputs, output]) {
      const { buffer } = wholeOf(part);
      const bytes = bytesOf(buffer);
      if (bytes > largest.bytes) largest = { bytes, label: buffer.label };
      if (buffer.state) storages.add(buffer.state.storage);
    }
  }
  for (const storage of storages) memory[kindOf(storage)] += bytesOf(storage);
  return { memory, largest, work: workOf(plan.dispatches) };
}

/** The sum of all parts, in bytes. */
export function totalBytes(memory: StepMemory): number {
  return Object.values(memory).reduce((total, bytes) => total + bytes, 0);
}
