import { assertEquals } from "@std/assert";
import type {
  Device,
  DeviceLimits,
  Executable,
} from "../../../engine/devices/device.ts";
import { stepsWithin } from "../../../train/experiment/steps_within.ts";
import { tinyConfig, tinyImages } from "../tiny_model.ts";

const limits: DeviceLimits = {
  alignment: 4,
  maxBufferBytes: Infinity,
  maxBlockBytes: Infinity,
  maxBuffersPerKernel: Infinity,
};

/** How often a device is asked for something. */
interface Calls {
  steps: number;
  reads: number;
}

/** Calls `stepsWithin` with a device that computes nothing, but takes so long for it by its own clock. */
async function stepsBy(
  stepMs: number,
  readMs: number,
  minutes: number,
): Promise<[result: number, calls: Calls]> {
  const calls = { steps: 0, reads: 0 };
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
    destroy: () => {},
  };
  const device: Device = {
    kind: "webgpu",
    description: "",
    limits,
    compile: () => Promise.resolve(executable),
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
  assertEquals(calls, { steps: 16 + 35 * 16, reads: 5 + 35 });
});

Deno.test("stepsWithin: times long steps one by one, for 15 seconds at most, and a single one if it is longer", async () => {
  const results = [
    await stepsBy(3000, 10, 1),
    await stepsBy(3000, 10, 600),
    await stepsBy(90_000, 10, 1),
  ];
  assertEquals(results, [
    [19, { steps: 4, reads: 4 }],
    [11_960, { steps: 7, reads: 7 }],
    [1, { steps: 3, reads: 3 }],
  ]);
});
