/** Takes very many steps, and makes and destroys many programs: memory must not grow. */
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { constant, input, Storage } from "../../engine/graph/tensor.ts";
import * as ops from "../../engine/ops/mod.ts";
import { Program } from "../../engine/program.ts";
import { afterMinutes } from "../../train/cli/after_minutes.ts";
import {
  type Command,
  helpText,
  parseArguments,
} from "../../train/cli/arguments.ts";
import { readDevice } from "../../train/cli/device_option.ts";
import { Progress } from "../../train/cli/progress.ts";
import { onInterrupt, runProgram } from "../../train/cli/run_program.ts";
import type { Config } from "../../train/config/config.ts";
import { pretrain } from "../../train/pretrain.ts";
import { createRunFolder } from "../../train/run/run_folder.ts";
import { tinyConfig, tinyImages } from "../train/tiny_model.ts";
import { openCounted } from "./device_memory.ts";
import { MemoryCurve } from "./memory_curve.ts";

const command = {
  usage: "deno task campaign:soak",
  help:
    `Takes very many steps of a tiny model, and then makes and destroys many programs.
Fails if there is more memory in use at the end than after the first fiftieth, or
if the end of a part was not reached.`,
  options: {
    steps: {
      kind: "integer",
      value: "N",
      default: 100_000,
      help: "steps of training",
    },
    programs: {
      kind: "integer",
      value: "N",
      default: 1000,
      help: "programs, each another one",
    },
    minutes: {
      kind: "number",
      value: "N",
      default: 120,
      help: "how long each part may take, at most",
    },
    seed: {
      kind: "integer",
      value: "N",
      default: 1,
      help: "of the training",
    },
    device: {
      kind: "text",
      value: "NAME",
      default: "wasm",
      help: "webgpu or wasm",
    },
  },
  examples: [
    "deno task campaign:soak",
    "deno task campaign:soak --device webgpu --steps 5000 --programs 200",
  ],
} as const satisfies Command;

/** Sizes of the programs along both axes; they fall, so that the first one needs most memory. */
const SIZES = { from: 96, count: 64 };

await runProgram(async () => {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return console.log(helpText(command));
  const { steps, programs, seed, minutes } = options;
  const [kind] = readDevice(options);
  const interrupt = onInterrupt();
  const untilEnd = () => AbortSignal.any([interrupt, afterMinutes(minutes)]);
  const { device, bytes } = await openCounted(kind);
  console.log(device.description);
  const config = tinyConfig({ seed, batchSize: 2, steps, metricsEvery: 10 });
  const curves = [
    new MemoryCurve("steps", steps, bytes),
    new MemoryCurve("programs", programs, bytes),
  ];
  await takeSteps(device, config, untilEnd(), curves[0]);
  console.log(`${curves[0]}`);
  interrupt.throwIfAborted();
  await makePrograms(device, programs, untilEnd(), curves[1]);
  console.log(`${curves[1]}`);
  interrupt.throwIfAborted();
  device.destroy();
  for (const curve of curves) curve.assertFlat();
});

/** Trains as `deno task pretrain` does, in a folder that is removed afterwards. */
async function takeSteps(
  device: Device,
  config: Config,
  signal: AbortSignal,
  curve: MemoryCurve,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dv2-soak-" });
  const progress = new Progress({ total: config.steps });
  try {
    await pretrain(config, {
      device,
      splits: { unlabelled: tinyImages() },
      run: await createRunFolder("soak", config, `${folder}/run`),
      signal,
      onStep: (step) => {
        curve.read(step);
        progress.update(step, {});
      },
    });
    progress.finish();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compiles, runs and destroys programs of which each has other sizes. */
async function makePrograms(
  device: Device,
  count: number,
  signal: AbortSignal,
  curve: MemoryCurve,
): Promise<void> {
  const progress = new Progress({ total: count, unit: "programs" });
  for (let i = 0; i < count && !signal.aborted; i++) {
    const rows = SIZES.from - Math.floor(i / SIZES.count) % SIZES.count;
    const width = SIZES.from - i % SIZES.count;
    const storage = new Storage("weights", width * width);
    const weights = storage.tensor([width, width]);
    const x = ops.layerNorm(
      input("x", [rows, width]),
      constant(1, [width]),
      constant(0, [width]),
    );
    const loss = ops.sum(ops.gelu(ops.matmul(x, weights)));
    const [slope] = gradient(loss, [weights]);
    const value = ops.subtract(weights, ops.multiply(slope, 0.1));
    const program = await Program.compile(device, {
      outputs: [loss],
      assignments: [{ storage, value }],
    });
    await program.evaluate({ x: new Float32Array(rows * width) });
    program.destroy();
    device.release(storage);
    curve.read(i + 1);
    progress.update(i + 1, {});
  }
  progress.finish();
}
