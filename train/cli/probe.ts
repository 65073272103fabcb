/** The command `probe`. */
import type { DatasetSplits } from "../../datasets/dataset.ts";
import { openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { buildModel } from "../build_model.ts";
import type { Config } from "../config/config.ts";
import { type ProbeImages, probeImages } from "../evaluate/probe.ts";
import { probeRun } from "../evaluate/probe_run.ts";
import { requireTestImages } from "../evaluate/require_test_images.ts";
import { loadRun, openRun } from "../run/load_run.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { checkStep } from "./check_step.ts";
import { type Command, helpText, parseArguments } from "./arguments.ts";
import { dataOption, withImagesIn } from "./data_option.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { openDataOf } from "./open_data.ts";
import { printProduct } from "./output.ts";
import { probeTable } from "./probe_table.ts";
import { ProbeDisplay } from "./probe_display.ts";
import { onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task probe",
  help:
    `Measures what each layer of a run's encoder says about the classes of images, by
linear classifiers and nearest neighbours, beside the same encoder untrained.
Ctrl-C stops it; run again, it continues where it was.`,
  operand: { value: "RUN", help: "the folder of a run on labelled images" },
  options: {
    checkpoint: {
      kind: "integer",
      value: "STEP",
      help: "step of the checkpoint; by default the last",
    },
    ...dataOption,
    ...deviceOptions,
  },
  examples: [
    "deno task probe runs/2026-12-31_12-00-00-double-view-tiny",
    "deno task probe runs/2026-12-31_12-00-00-double-view-tiny --checkpoint 100",
  ],
} as const satisfies Command;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([helpText(command)]);
  const choice = readDevice(options);
  const opened = await withImagesIn(
    options.data,
    await openRun(options.operand),
  );
  const { run, config } = opened;
  await checkStep(run, options.checkpoint);
  const signal = onInterrupt();
  const display = new ProbeDisplay();
  const { device, reason } = await openDevice(...choice);
  const splits = await openDataOf(opened, signal);
  try {
    const images = imagesOf(run, splits);
    const trained = await loadRun(run.path, device, options.checkpoint);
    console.error(`device: ${reason}`);
    const { step } = trained;
    const name = options.checkpoint === undefined
      ? "probe.json"
      : `probe-step-${step}.json`;
    const path = `${run.path}/${name}`;
    const results = await probeRun({
      device,
      config,
      step,
      encoders: { trained, untrained: buildUntrained(config, images) },
      images,
      path,
      cachePath: `${run.path}/features`,
      signal,
      onPhase: (phase) => display.begin(phase),
      onProgress: (done) => display.update(done),
    });
    display.end();
    console.log(
      `${probeTable(results)}\n\nencoder after ${step} steps: ${path}`,
    );
  } catch (error) {
    display.end();
    if (error !== signal.reason) throw error;
    console.log(`stopped; run the same command to continue`);
  } finally {
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

function imagesOf(run: RunFolder, splits: DatasetSplits): ProbeImages {
  requireTestImages(splits, run.path);
  const images = probeImages(splits, { train: Infinity, test: Infinity });
  if (images) return images;
  throw new UserError(
    `the images of ${run.path} have no labels to measure by; probe a run on labelled ones`,
  );
}

function buildUntrained(config: Config, { train }: ProbeImages) {
  return buildModel(config, train.dataset.imageSize);
}

await runProgram(main);
