/** The command `pretrain`. */
import { downloadDataset, openDataset } from "../datasets/registry.ts";
import { type DeviceChoice, openDevice } from "../engine/open_device.ts";
import { UserError } from "../engine/user_error.ts";
import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "./arguments.ts";
import { type Config, configSchema } from "./config.ts";
import { loadConfig, resolveConfig } from "./config_loader.ts";
import { nearest } from "./nearest.ts";
import { pretrain, type PretrainResult } from "./pretrain.ts";
import { presets } from "./presets/mod.ts";
import { onInterrupt, runProgram } from "./program.ts";
import { Progress } from "./progress.ts";
import {
  createRunFolder,
  openRunFolder,
  type RunFolder,
} from "./run_folder.ts";
import { writeJsonAtomically } from "./atomic_file.ts";

const DEFAULT_PRESET = "baseline-synthetic";
const deviceChoices = ["auto", "webgpu", "wasm"];

const command = {
  usage: "deno task pretrain",
  help: "Pretrains an image encoder on unlabelled images.",
  options: {
    preset: {
      kind: "text",
      value: "NAME",
      help: `settings to begin with: ${
        Object.keys(presets).join(", ")
      }; ${DEFAULT_PRESET} if nothing else is given`,
    },
    config: {
      kind: "text",
      value: "FILE",
      help: "a JSON file of settings over those of the preset",
    },
    set: {
      kind: "text",
      value: "KEY=VALUE",
      repeatable: true,
      help: "one setting over all others, such as optimizer.learningRate=1e-3",
    },
    device: {
      kind: "text",
      value: "DEVICE",
      default: "auto",
      help: "webgpu, wasm, or auto: a GPU if there is one, else wasm",
    },
    out: {
      kind: "text",
      value: "FOLDER",
      help: "the run folder; a new one in runs/ if not given",
    },
    resume: {
      kind: "text",
      value: "RUN",
      help: "go on with an interrupted run from its last checkpoint",
    },
    download: {
      kind: "flag",
      help: "fetch the data set first if it is missing",
    },
  },
  examples: [
    "deno task pretrain",
    "deno task pretrain --preset baseline-synthetic --set steps=1000 --set seed=1",
    "deno task pretrain --resume runs/20261231-120000-baseline-synthetic",
  ],
} as const satisfies Command;

type Options = OptionValues<typeof command>;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return console.log(helpText(command));
  if (!deviceChoices.includes(options.device)) {
    throw new UserError(
      `--device is ${options.device}; it must be one of ${
        deviceChoices.join(", ")
      }, ` +
        `perhaps ${nearest(options.device, deviceChoices)}`,
    );
  }
  const signal = onInterrupt();
  const { config, openRun } = await readJob(options);
  if (options.download) await download(config);
  const splits = await openDataset(config.data);
  const { device, reason } = await openDevice(options.device as DeviceChoice);
  console.error(`device: ${reason}`);
  const run = await openRun();
  console.error(`run: ${run.path}`);
  const progress = new Progress({
    total: config.steps,
    imagesPerStep: config.batchSize,
  });
  try {
    const result = await pretrain(config, {
      device,
      splits,
      run,
      resume: options.resume !== undefined,
      signal,
      onMessage: (line) => progress.print(line),
      onStep: (step, { loss, learningRate }) =>
        progress.update(step, { loss, lr: learningRate }),
    });
    progress.finish();
    await report(result, run);
  } finally {
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

/** What to do: a new run, or one to be resumed. */
interface Job {
  readonly config: Config;
  /** Makes or opens the run folder; last, so that nothing is left behind by a mistake before. */
  readonly openRun: () => Promise<RunFolder>;
}

async function readJob(
  { preset, config: file, set, out, resume }: Options,
): Promise<Job> {
  if (resume !== undefined) {
    if (
      preset !== undefined || file !== undefined || set.length > 0 ||
      out !== undefined
    ) {
      throw new UserError(
        "--resume goes on with the config of its run; leave out --preset, --config, --set and --out",
      );
    }
    const { run, config } = await openRunFolder(resume);
    return {
      config: resolveConfig(configSchema, [config]),
      openRun: () => Promise.resolve(run),
    };
  }
  const name = preset ?? (file === undefined ? DEFAULT_PRESET : undefined);
  const config = await loadConfig(configSchema, presets, {
    preset: name,
    config: file,
    set,
  });
  return {
    config,
    openRun: () => createRunFolder(name ?? "custom", config, out),
  };
}

async function download(config: Config): Promise<void> {
  await downloadDataset(config.data, ({ stage, done, total }) => {
    const share = total === undefined
      ? `${Math.round(done / 2 ** 20)} MiB`
      : `${Math.floor(100 * done / total)} %`;
    Deno.stderr.writeSync(
      new TextEncoder().encode(`\r${stage} ${share}\x1b[K`),
    );
  });
  console.error();
}

/** Says how the run ended, and writes it to `result.json`. */
async function report(result: PretrainResult, run: RunFolder): Promise<void> {
  const { step, finished, metrics, untrained, trained } = result;
  if (!finished) {
    console.log(
      `stopped after ${step} steps; go on with: deno task pretrain --resume ${run.path}`,
    );
    return;
  }
  await writeJsonAtomically(`${run.path}/result.json`, {
    step,
    metrics,
    untrained,
    trained,
  });
  if (metrics) {
    console.log(`loss ${metrics.loss.toFixed(4)} after ${step} steps`);
  }
  if (untrained && trained) {
    const percent = ({ accuracy }: { accuracy: number }) =>
      `${(100 * accuracy).toFixed(1)} %`;
    console.log(
      `nearest neighbours classify ${
        percent(trained)
      } of ${trained.queries} images right ` +
        `(among ${trained.bank}); with the untrained encoder ${
          percent(untrained)
        }`,
    );
  }
  console.log(`everything is in ${run.path}`);
}

await runProgram(main);
