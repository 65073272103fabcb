/** The command `pretrain:mpi`: one of the processes that an MPI launcher starts. */
import { fingerprintDataset, openDataset } from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import type { Config } from "../config/config.ts";
import { MpiCommunicator } from "../distributed/mpi_communicator.ts";
import { pretrainTogether } from "../distributed/pretrain_together.ts";
import { shareJson } from "../distributed/share.ts";
import { changeRun } from "../run/change_run.ts";
import { identifyData } from "../run/data_identity.ts";
import { quoted } from "../run/quoted.ts";
import { removeUnusedRunFolder, type RunFolder } from "../run/run_folder.ts";
import type { LoopResult } from "../training_loop.ts";
import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "./arguments.ts";
import { checkModel } from "./check_model.ts";
import { describeData } from "./describe_data.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { located } from "./located.ts";
import { CACHE, opening } from "./open_data.ts";
import { errorStream } from "./progress.ts";
import { printProduct } from "./output.ts";
import { printUnused } from "./print_unused.ts";
import { repeatedImages } from "./repeated_images.ts";
import { checkResume, openToResume, resumeOptions } from "./resume_options.ts";
import { RunDisplay } from "./run_display.ts";
import {
  createRun,
  DEFAULT_PRESET,
  readConfig,
  runOptions,
  settingInstead,
} from "./run_options.ts";
import { describeError, onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task pretrain:mpi",
  help:
    `Pretrains an image encoder in all processes that an MPI launcher starts, such as
mpirun: they share each batch, and rank 0 writes the run's folder. A signal to
any of them stops all after the step under way, with a checkpoint.`,
  options: {
    ...runOptions,
    preset: {
      ...runOptions.preset,
      help: `preset to start from; ${DEFAULT_PRESET} without --config`,
    },
    device: deviceOptions.device,
    threads: {
      ...deviceOptions.threads,
      help: "threads of wasm per process; by default its share",
    },
    ...resumeOptions,
    resume: {
      ...resumeOptions.resume,
      help: "resume a run, begun by any number of processes",
    },
  },
  examples: [
    "mpirun -n 4 deno task pretrain:mpi --preset dv2",
    "mpirun -n 2 deno task pretrain:mpi --device wasm --threads 1",
  ],
  alternative: settingInstead,
} as const satisfies Command;

type Options = OptionValues<typeof command>;

/** Time for a launcher to pass on the last line. */
const LINE_MS = 300;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([helpText(command)]);
  checkResume(options);
  const signal = onInterrupt();
  const communicator = new MpiCommunicator();
  try {
    await takePart(options, communicator, signal);
  } catch (error) {
    console.error(`rank ${communicator.rank}:`, describeError(error));
    // a launcher that sees the process end first would lose the line
    await new Promise((resolve) => setTimeout(resolve, LINE_MS));
    // the others wait for this one
    communicator.abort();
  }
  communicator.close();
}

async function takePart(
  options: Options,
  communicator: MpiCommunicator,
  signal: AbortSignal,
): Promise<void> {
  const { rank, size, name } = communicator;
  const isFirst = rank === 0;
  const job = isFirst ? await readJob(options) : undefined;
  // first here, so that the others of this machine find the pictures decoded
  const opened = job && await openDataset(located(job.config.data), opening());
  const { config, resumed } = await shareJson(job, communicator);
  const splits = opened ??
    await openDataset(located(config.data), { cache: CACHE });
  const [choice, threads = shareOfThreads()] = readDevice(options);
  const { device, reason } = await openDevice(choice, threads);
  const display = isFirst
    ? new RunDisplay(config, errorStream, size)
    : undefined;
  display?.print(`data: ${describeData(config, splits)}`);
  const repeated = repeatedImages(config, splits.unlabelled.size);
  if (repeated) display?.print(`data: ${repeated}`);
  let created: RunFolder | undefined;
  display?.begin("compiling", 0);
  try {
    const result = await pretrainTogether(config, {
      communicator,
      device,
      images: splits.unlabelled,
      fingerprint: await fingerprintDataset(located(config.data)),
      signal,
      resumeRun: resumed && (async () => {
        await changeRun(resumed, config, options);
        return resumed;
      }),
      createRun: async () => {
        // locked until this process ends
        ({ run: created } = await createRun(config, options));
        await identifyData(created, located(config.data));
        return created;
      },
      onStart: (step, { path }, devices) => {
        display?.print(`processes: ${size} of ${name}`);
        display?.print(`device of rank 0: ${reason}`);
        const other = devices.findIndex((device) => device !== devices[0]);
        if (other > 0) {
          display?.print(
            `device of rank ${other}: ${devices[other]}; as devices differ, ` +
              "all take the weights of rank 0 at every checkpoint",
          );
        }
        display?.print(`run: ${path}`);
        if (display && !resumed) {
          printUnused(config, (line) => display.print(line));
        }
        display?.begin("training", step);
      },
      onStep: (...numbers) => display?.update(...numbers),
    });
    display?.end();
    if (created && result.step === 0) await removeUnusedRunFolder(created);
    const run = resumed ?? created;
    if (isFirst && run) report(result, config, run);
  } catch (error) {
    display?.end();
    if (created) await removeUnusedRunFolder(created);
    throw error;
  } finally {
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

/** What to do, from the arguments of rank 0. */
async function readJob(
  options: Options,
): Promise<{ readonly config: Config; readonly resumed?: RunFolder }> {
  if (options.resume === undefined) {
    const config = await readConfig(options);
    await checkModel(config);
    return { config };
  }
  // locked until this process ends
  const { run, config } = await openToResume(options.resume, options);
  await identifyData(run, located(config.data));
  return { config, resumed: run };
}

/** This process's share of its machine's processors. */
function shareOfThreads(): number {
  const local = Deno.env.get("OMPI_COMM_WORLD_LOCAL_SIZE") ??
    Deno.env.get("MPI_LOCALNRANKS");
  const processes = Number(local ?? 1);
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / processes));
}

/** Prints how the run ended. */
function report(
  { step, metrics, stoppedBy }: LoopResult,
  { steps }: Config,
  run: RunFolder,
): void {
  const path = quoted(run.path);
  if (step === 0) {
    console.log(`rank ${stoppedBy} was asked to stop before the first step`);
  } else if (step < steps) {
    console.log(
      `rank ${stoppedBy} was asked to stop; ${step} of ${steps} steps are done; resume with:\n` +
        `  mpirun ... deno task pretrain:mpi --resume ${path}`,
    );
  } else {
    if (metrics) console.log(`loss: ${metrics.loss.toFixed(4)}`);
    console.log(`run: ${run.path}`);
    console.log(`to measure what it has learned: deno task probe ${path}`);
  }
}

await runProgram(main);
