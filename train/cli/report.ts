/** The command `report`. */
import { openDevice } from "../../engine/open_device.ts";
import { counted } from "../../datasets/counted.ts";
import { UserError } from "../../engine/user_error.ts";
import { DEFAULT_IMAGES, writeReport } from "../report/write_report.ts";
import { openRun } from "../run/load_run.ts";
import { type Command, helpText, parseArguments } from "./arguments.ts";
import { dataOption, withImagesIn } from "./data_option.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { openDataOf } from "./open_data.ts";
import { checkStep } from "./check_step.ts";
import { printProduct } from "./output.ts";
import { Progress } from "./progress.ts";
import { onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task report",
  help:
    `Writes report.html into a run's folder: what was measured while it trained, and
what its encoder makes of some pictures. The page is one file that needs no
network. Of a checkpoint that is named it is report-step-STEP.html. It takes
seconds and begins anew each time.`,
  operand: { value: "RUN", help: "the folder of a run" },
  options: {
    checkpoint: {
      kind: "integer",
      value: "STEP",
      help: "step of the checkpoint; by default the last",
    },
    images: {
      kind: "integer",
      value: "N",
      default: DEFAULT_IMAGES,
      help: "number of pictures to examine",
    },
    ...dataOption,
    ...deviceOptions,
  },
  examples: [
    "deno task report runs/2026-12-31_12-00-00-double-view-tiny",
    "deno task report runs/2026-12-31_12-00-00-double-view-tiny --images 1000",
  ],
} as const satisfies Command;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([helpText(command)]);
  const choice = readDevice(options);
  const images = readImages(options.images);
  const opened = await withImagesIn(
    options.data,
    await openRun(options.operand),
  );
  const { run } = opened;
  await checkStep(run, options.checkpoint);
  const signal = onInterrupt();
  const { device, reason } = await openDevice(...choice);
  const splits = await openDataOf(opened, signal);
  console.error(`device: ${reason}`);
  let progress: Progress | undefined;
  try {
    const path = await writeReport({
      device,
      run,
      splits,
      step: options.checkpoint,
      images,
      signal,
      onStart: (total) => {
        console.error(`looking at ${counted(total, "picture")} ...`);
        progress = new Progress({ total, unit: "images" });
      },
      onProgress: (done) => progress?.update(done, {}),
    });
    progress?.finish();
    console.log(`report: ${path}`);
  } catch (error) {
    if (error !== signal.reason) throw error;
    progress?.finish();
    console.log("stopped; nothing was written");
  } finally {
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

/** Fewest pictures among which neighbours can be found. */
const MIN_IMAGES = 2;

function readImages(images = DEFAULT_IMAGES): number {
  if (images >= MIN_IMAGES) return images;
  throw new UserError(
    `--images must be at least ${MIN_IMAGES}, not ${images}`,
  );
}

await runProgram(main);
