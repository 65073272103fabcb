/**
 * One of several processes that take steps of `dv2-tiny` together, on one thread each. Rank 0 prints what
 * a step took, as JSON.
 */
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { MpiCommunicator } from "../../train/distributed/mpi_communicator.ts";
import { TrainingStep } from "../../train/training_step.ts";
import { median } from "../compare.ts";
import { presetConfig } from "../models.ts";
import { shippedParts, someImages } from "../ours/training.ts";

const STEPS = 10;

/** What a step takes in each process. */
export interface SharedStep {
  readonly milliseconds: number;
  /** Time of it in which exchanges are under way, waits for the other process included. */
  readonly exchanging: number;
  /** Bytes that a process sends. */
  readonly bytes: number;
  /** Bytes that it would send of the gradient alone, round a ring. */
  readonly gradientBytes: number;
}

const communicator = new MpiCommunicator();
const { rank, size } = communicator;
const device = new WasmDevice(1);
const config = presetConfig("dv2-tiny");
const parts = shippedParts(config);
const step = await TrainingStep.compile(device, { ...parts, communicator });
const all = someImages(config);
const share = all.length / size;
const images = all.slice(rank * share, (rank + 1) * share);
await step.run(0, images);
const before = { ...communicator };
const times: number[] = [];
for (let i = 1; i <= STEPS; i++) {
  const start = performance.now();
  await step.run(i, images);
  times.push(performance.now() - start);
}
if (rank === 0) {
  const gradient = parts.parameters.storage.size * 4;
  const result: SharedStep = {
    milliseconds: median(times),
    exchanging: (communicator.milliseconds - before.milliseconds) / STEPS,
    bytes: (communicator.bytes - before.bytes) / STEPS,
    gradientBytes: 2 * gradient * (size - 1) / size,
  };
  console.log(JSON.stringify(result));
}
communicator.close();
Deno.exit();
