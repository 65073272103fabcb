import type { Device } from "../../engine/devices/device.ts";
import { add } from "../../engine/ops/elementwise.ts";
import { materialize } from "../../engine/ops/materialize.ts";
import { Program } from "../../engine/program.ts";
import { Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { TrainingStep } from "../../train/training_step.ts";
import { median } from "../compare.ts";
import { presetConfig, smallestSizes } from "../models.ts";
import { finished, release } from "../ours/replay.ts";
import { shippedParts, someImages } from "../ours/training.ts";
import type { Fact, FactCase } from "./case.ts";

const BAR_MICROSECONDS = 3;
const STEPS = 15;
const SMALL_KERNELS = 1000;

/** What the host spends on each kernel of a step that is replayed. */
export const dispatchCase: FactCase = {
  name: "host time of a replayed dispatch",
  async measure(device: Device): Promise<Fact> {
    const seconds = device.kind === "webgpu"
      ? await queueingTime(device)
      : await smallKernelTime(device);
    return {
      ours: seconds * 1e6,
      peer: "bar",
      theirs: BAR_MICROSECONDS,
      unit: "us",
    };
  },
};

/**
 * The host only queues: time until it may go on, for a dispatch of dv2-tiny. The smallest sizes, since
 * a driver in software would compute on the host's own processors meanwhile.
 */
async function queueingTime(device: Device): Promise<number> {
  const config = presetConfig("dv2-tiny", smallestSizes);
  const step = await TrainingStep.compile(device, shippedParts(config));
  const images = someImages(config);
  await step.run(0, images);
  await finished(device);
  const times: number[] = [];
  for (let i = 1; i <= STEPS; i++) {
    const start = performance.now();
    await step.run(i, images);
    times.push((performance.now() - start) / 1000);
    await finished(device);
  }
  const { length } = step.plan.dispatches;
  release(device, step);
  return median(times) / length;
}

/** The host does the work itself: time of a kernel that has next to nothing to do. */
async function smallKernelTime(device: Device): Promise<number> {
  let x: Tensor = new Storage("x", 1).tensor();
  for (let i = 0; i < SMALL_KERNELS; i++) x = materialize(add(x, 1));
  const program = await Program.compile(device, { outputs: [x] });
  await program.run();
  const times: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const start = performance.now();
    await program.run();
    times.push((performance.now() - start) / 1000);
  }
  const { length } = program.plan.dispatches;
  release(device, program);
  return median(times) / length;
}
