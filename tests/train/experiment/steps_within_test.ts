import { assertEquals } from "@std/assert";
import type {
  Device,
  DeviceLimits,
  Executable,
} from "../../../engine/devices/device.ts";
import { stepsWithin } from "../../../train/experiment/steps_within.ts";
import { measuredDevice } from "../../engine/devices/wasm/measured_device.ts";
import { tinyConfig, tinyImages } from "../tiny_model.ts";

const limits: DeviceLimits = {
  alignment: 4,
  maxBufferBytes: Infinity,
  maxBlockBytes: Infinity,
  maxBuffersPerKernel: Infinity,
};

/** How often a device is asked for something, and the programs that it is left with. */
interface Calls {
  steps: number;
  reads: number;
  programs: number;
}

/** Calls `stepsWithin` with a device that computes nothing, but takes so long for it by its own clock. */
async function stepsBy(
  stepMs: number,
  readMs: number,
  minutes: number,
): Promise<[result: number, calls: Calls]> {
  const calls = { steps: 0, reads: 0, programs: 0 };
  let [clock, queued] = [0, 0];
  const unused = () => Promise.reject(new Error("is not needed"));
  const executable: Executable = {
    run: () => {
      calls.steps++;
      queued++;
      return Promise.resolve();
    },
    read: unused,
    exchange: unused,
    destroy: () => void calls.programs--,
  };
  const device: Device = {
    kind: "webgpu",
    description: "",
    limits,
    compile: () => {
      calls.programs++;
      return Promise.resolve(executable);
    },
    write: () => Promise.resolve(),
    read: ({ size }) => {
      calls.reads++;
      clock += readMs + queued * stepMs;
      queued = 0;
      return Promise.resolve(new Float32Array(size));
    },
    release: () => {},
    destroy: () => {},
  };
  const { now } = performance;
  performance.now = () => clock;
  try {
    const config = tinyConfig();
    const result = await stepsWithin(minutes, config, tinyImages(), device);
    return [result, calls];
  } finally {
    performance.now = now;
  }
}

Deno.test("stepsWithin: waits for the device as seldom as training does where steps are short", async () => {
  const [result, calls] = await stepsBy(10, 12, 1);
  // a ring is read after 16 steps
  assertEquals(result, Math.floor(60_000 * 16 / (16 * 10 + 12)));
  // 1, 1, 2, 4 and 8 steps, then 16 at a time for a tenth of a minute
  assertEquals(calls, { steps: 16 + 35 * 16, reads: 5 + 35, programs: 0 });
});

Deno.test("stepsWithin: times long steps one by one, for 15 seconds at most, and a single one if it is longer", async () => {
  const results = [
    await stepsBy(3000, 10, 1),
    await stepsBy(3000, 10, 600),
    await stepsBy(90_000, 10, 1),
  ];
  assertEquals(results, [
    [19, { steps: 4, reads: 4, programs: 0 }],
    [11_960, { steps: 7, reads: 7, programs: 0 }],
    [1, { steps: 3, reads: 3, programs: 0 }],
  ]);
});

Deno.test("stepsWithin: leaves no values on the device", async () => {
  const { device, memory } = measuredDevice();
  // megabytes, beside which what else is allocated and freed is little
  const encoder = { name: "resnet", depth: 18, width: 0.25, stem: "small" };
  const take = () =>
    stepsWithin(1e-5, tinyConfig({ encoder }), tinyImages(), device);
  await take();
  await take();
  const before = memory.buffer.byteLength;
  for (let i = 0; i < 4; i++) await take();
  assertEquals(memory.buffer.byteLength, before);
  device.destroy();
});
