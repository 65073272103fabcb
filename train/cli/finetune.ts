/** The command `finetune`. */
import { openDevice } from "../../engine/open_device.ts";
import { resolveConfig } from "../config/resolve.ts";
import { percentage } from "../evaluate/percentage.ts";
import { finetuneSchema } from "../finetune/finetune_config.ts";
import type { FinetuneResult } from "../finetune/finetune_result.ts";
import {
  finetuneRun,
  type Finetuning,
  planFinetune,
} from "../finetune/finetune_run.ts";
import { openRun } from "../run/load_run.ts";
import { type Command, helpText, parseArguments } from "./arguments.ts";
import { dataOption, withImagesIn } from "./data_option.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { openDataOf } from "./open_data.ts";
import { FinetuneDisplay } from "./finetune_display.ts";
import { printProduct } from "./output.ts";
import { onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task finetune",
  help:
    `Trains the whole network of a run with a linear classifier on top, on labelled
images, and classifies the test images. A tenth of the training images, held
out, chooses the step. Ctrl-C stops it; run again, it continues where it was.`,
  operand: { value: "RUN", help: "the folder of a run on labelled images" },
  options: {
    input: {
      kind: "text",
      value: "NAME",
      help: "what the classifier sees, see below",
    },
    "from-scratch": {
      kind: "flag",
      help: "start from random weights, not from the run's",
    },
    frozen: {
      kind: "flag",
      help: "train the classifier only",
    },
    labels: {
      kind: "number",
      value: "SHARE",
      help: "share of the labelled images to use, up to 1",
    },
    steps: { kind: "integer", value: "STEPS", help: "5000 by default" },
    "batch-size": {
      kind: "integer",
      value: "IMAGES",
      help: "images per step, 32 by default",
    },
    "learning-rate": {
      kind: "number",
      value: "RATE",
      help: "the highest learning rate, 1e-4 by default",
    },
    seed: {
      kind: "integer",
      value: "SEED",
      help: "seed of all random numbers; by default the run's",
    },
    checkpoint: {
      kind: "integer",
      value: "STEP",
      help: "step of the checkpoint; by default the last",
    },
    ...dataOption,
    ...deviceOptions,
    out: {
      kind: "path",
      value: "FOLDER",
      help: "folder of the results; by default in RUN/finetune",
    },
  },
  examples: [
    "deno task finetune runs/2026-12-31_12-00-00-double-view-tiny",
    "deno task finetune runs/first --input image --labels 0.1",
    "deno task finetune runs/first --from-scratch",
  ],
} as const satisfies Command;

const inputs = `Inputs of the classifier:
  both        image and prediction side by side (default with the double view)
  image       the paper's I: the whole image through the residual network
  prediction  the paper's Î: what the patches predict of the image
  patches     patches averaged in each quarter (default without the double view)
both and prediction take a model with the double view.`;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") {
    return await printProduct([`${helpText(command)}\n\n${inputs}`]);
  }
  const choice = readDevice(options);
  const settings = resolveConfig(finetuneSchema, [{
    input: options.input,
    fromScratch: options["from-scratch"],
    frozen: options.frozen,
    labels: options.labels,
    steps: options.steps,
    batchSize: options["batch-size"],
    optimizer: { learningRate: options["learning-rate"] },
    seed: options.seed,
    checkpoint: options.checkpoint,
  }]);
  const { operand: path, out } = options;
  const source = await withImagesIn(options.data, await openRun(path));
  // before the images are opened
  await planFinetune(source, settings, out);
  const signal = onInterrupt();
  const display = new FinetuneDisplay();
  signal.addEventListener("abort", () => {
    display.print("stopping; press Ctrl-C again to stop at once");
  });
  const { device, reason } = await openDevice(...choice);
  const splits = await openDataOf(source, signal);
  try {
    const finetuning = await finetuneRun({
      path,
      out,
      settings,
      device,
      splits,
      signal,
      onStart: (folder) =>
        console.error(`device: ${reason}\nfine-tuning: ${folder}`),
      ...display.events,
    });
    display.end();
    console.log(report(finetuning));
  } finally {
    display.end();
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

/** What is printed at the end. */
function report({ config, folder, step, result }: Finetuning): string {
  return result
    ? `${resultText(result)}\nresult: ${folder}/result.json`
    : `stopped after ${step} of ${config.steps} steps; run the same command to continue`;
}

function resultText(result: FinetuneResult): string {
  const { accuracy, standardError, macroAccuracy, images } = result;
  const { step, heldOutAccuracy, fitted, heldOut } = result;
  return [
    `accuracy: ${percentage(accuracy)} ± ${percentage(standardError)} % ` +
    `of ${images} test images, ${
      percentage(macroAccuracy)
    } % averaged over classes`,
    `fitted to ${fitted} images; step ${step} did best on ${heldOut} more, ` +
    `with ${percentage(heldOutAccuracy)} %`,
  ].join("\n");
}

await runProgram(main);
