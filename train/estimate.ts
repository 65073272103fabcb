import { imageSizeOf } from "../datasets/registry.ts";
import type { DeviceLimits } from "../engine/devices/device.ts";
import { bytesOf, wholeOf } from "../engine/compile/memory.ts";
import { planProgram } from "../engine/program.ts";
import type { Storage } from "../engine/graph/tensor.ts";
import { type Work, workOf } from "../engine/compile/work.ts";
import { namedStates } from "../layers/module.ts";
import { buildModel } from "./build_model.ts";
import type { Config } from "./config/config.ts";
import { traceStep } from "./training_step.ts";

/** What a step needs, in bytes. */
export interface StepMemory {
  /** Parameters of the model. */
  readonly parameters: number;
  /** Both moments of AdamW. */
  readonly optimizer: number;
  /** Entries and masses of the vocabularies. */
  readonly vocabulary: number;
  /** Activations, gradients and whatever else is forgotten after the step. */
  readonly activations: number;
  /** Running statistics and the numbers to show. */
  readonly other: number;
}

/** What training by a config would take. */
export interface StepEstimate {
  /** What a step needs. */
  readonly memory: StepMemory;
  /** Largest single buffer: its bytes, and what it holds. */
  readonly largest: { readonly bytes: number; readonly label: string };
  /** What a step does. */
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
    [...namedStates(built.model)]
      .filter(([name]) => /^(patch|image)Vocabulary\./.test(name))
      .map(([, { storage }]) => storage),
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

/** Bytes of a step in all. */
export function totalBytes(memory: StepMemory): number {
  return Object.values(memory).reduce((total, bytes) => total + bytes, 0);
}
