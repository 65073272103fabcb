/** Draws graphs at random and compares what a device computes with float64. */
import type { Device } from "../../engine/devices/device.ts";
import { WasmDevice } from "../../engine/devices/wasm/device.ts";
import { WebGpuDevice } from "../../engine/devices/webgpu/device.ts";
import type { DeviceChoice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import {
  type Command,
  helpText,
  parseArguments,
} from "../../train/cli/arguments.ts";
import { readDevice } from "../../train/cli/device_option.ts";
import { onInterrupt, runProgram } from "../../train/cli/run_program.ts";
import { checkGraph, type GraphCheck } from "../engine/check_graph.ts";
import { randomGraph } from "../engine/random_graph.ts";
import { Draw } from "../fuzz/draw.ts";
import { budgetOptions, MinuteReport } from "./campaign.ts";

const command = {
  usage: "deno task campaign:programs",
  help:
    `Draws graphs of random operations and sizes, and compares what a device computes,
fused and unfused, gradients included, with float64.`,
  options: {
    ...budgetOptions,
    first: {
      kind: "integer",
      value: "N",
      default: 0,
      help: "number of the first program",
    },
    count: {
      kind: "integer",
      value: "N",
      default: 100_000,
      help: "programs, at most",
    },
    device: {
      kind: "text",
      value: "NAME",
      default: "wasm",
      help: "webgpu or wasm",
    },
  },
  examples: [
    "deno task campaign:programs --minutes 60",
    "deno task campaign:programs --device webgpu --seed 7 --first 42 --count 1",
  ],
} as const satisfies Command;

/** Most values of a graph besides gradients: a software driver takes a second to compile ten. */
const MAX_SIZE = { wasm: 28, webgpu: 9 };
/** Programs for which devices are kept. */
const PROGRAMS_PER_DEVICE = 500;

/** Devices of a kind that compute in different ways. */
async function openDevices(choice?: DeviceChoice): Promise<Device[]> {
  // of three threads each has another part of the work
  if (choice !== "webgpu") return [new WasmDevice(1), new WasmDevice(3)];
  const schemes = ["direct", "tiled"] as const;
  const devices = await Promise.all(
    schemes.map((scheme) => WebGpuDevice.request(scheme)),
  );
  return devices.map((device) => {
    if (device) return device;
    throw new UserError("no adapter found; use --device wasm");
  });
}

/** Checks the program that a seed and a number give. */
async function tryProgram(
  devices: readonly Device[],
  seed: number,
  number: number,
): Promise<GraphCheck> {
  const device = devices[number % devices.length];
  const draw = new Draw(seed, number);
  const size = 4 + draw.below(MAX_SIZE[device.kind] - 3);
  const graph = randomGraph(draw, size, { large: draw.oneIn(12) });
  return await checkGraph(device, graph, draw);
}

await runProgram(async () => {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return console.log(helpText(command));
  const { minutes, first, count } = options;
  const seed = options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0];
  const [choice] = readDevice(options);
  let devices = await openDevices(choice);
  for (const { description } of devices) console.log(description);
  const interrupt = onInterrupt();
  console.log(`--seed=${seed}`);

  const start = performance.now();
  const counts = { programs: 0, tight: 0, smooth: 0, failures: 0 };
  const report = new MinuteReport("programs");
  for (let number = first; number < first + count; number++) {
    if (performance.now() > start + 60_000 * minutes || interrupt.aborted) {
      break;
    }
    report.update(counts.programs);
    counts.programs++;
    let isFailed = false;
    try {
      const { isTight, isSmooth } = await tryProgram(devices, seed, number);
      if (isTight) counts.tight++;
      if (isSmooth) counts.smooth++;
    } catch (error) {
      isFailed = true;
      counts.failures++;
      const { kind } = devices[0];
      console.log(
        `--device=${kind} --seed=${seed} --first=${number} --count=1: ${
          error instanceof Error ? error.message : error
        }`,
      );
    }
    // a device that has failed refuses all that follows
    if (isFailed || counts.programs % PROGRAMS_PER_DEVICE === 0) {
      devices.forEach((device) => device.destroy());
      devices = await openDevices(choice);
    }
  }
  devices.forEach((device) => device.destroy());
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${counts.programs} programs in ${
      seconds.toFixed(0)
    } s: ${counts.failures} failures; ` +
      `${counts.tight} with narrow tolerances everywhere, ` +
      `gradients of ${counts.smooth} compared with slopes`,
  );
  if (counts.failures > 0) Deno.exitCode = 1;
});
