/** The command `pretrain`. */
import {
  type DatasetOptions,
  downloadDataset,
} from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import { changeRun, type RunChanges } from "../run/change_run.ts";
import { identifyData } from "../run/data_identity.ts";
import { checkModel } from "./check_model.ts";
import { describeData } from "./describe_data.ts";
import { DownloadDisplay } from "./download_display.ts";
import { dryRun } from "./dry_run.ts";
import { located } from "./located.ts";
import { openData } from "./open_data.ts";
import { help, type Options, readOptions } from "./options.ts";
import { pretrain, type PretrainResult } from "../pretrain.ts";
import { printProduct } from "./output.ts";
import { printUnused } from "./print_unused.ts";
import { probeTable } from "./probe_table.ts";
import { repeatedImages } from "./repeated_images.ts";
import type { ReportTask } from "../report/write_report.ts";
import { quoted } from "../run/quoted.ts";
import { writeRunResult } from "../run/run_result.ts";
import { type LockedRun, openToResume } from "./resume_options.ts";
import { onInterrupt, runProgram } from "./run_program.ts";
import { RunDisplay } from "./run_display.ts";
import { createRun, readConfig } from "./run_options.ts";
import { unlessAborted } from "../unless_aborted.ts";
import { removeUnusedRunFolder } from "../run/run_folder.ts";

/** What to do. */
interface Job extends LockedRun {
  /** Whether the run was begun before. */
  readonly resume: boolean;
}

/** How it ended. */
interface JobResult extends PretrainResult {
  /** The page about the run; absent where there is none. */
  readonly reportPath?: string;
}

async function main(): Promise<void> {
  const options = readOptions(Deno.args);
  if (options === "help") return await printProduct([await help(Deno.args)]);
  if (options["dry-run"]) return await printDryRun(options);
  const signal = onInterrupt();
  const job = options.resume === undefined
    ? await newJob(options)
    : await resumedJob(options.resume, options);
  using _lock = job.lock;
  try {
    const result = await runJob(job, options, signal);
    if (result.step === 0) signal.throwIfAborted();
    report(result, job);
  } catch (error) {
    if (!job.resume) await removeUnusedRunFolder(job.run);
    if (error !== signal.reason) throw error;
    console.log("stopped before the first step; nothing was changed");
  }
}

async function newJob(options: Options): Promise<Job> {
  const config = await readConfig(options);
  await checkModel(config);
  return { config, ...await createRun(config, options), resume: false };
}

/** Prints what a run would take; the exit code is 1 if the device cannot hold it. */
async function printDryRun(options: Options): Promise<void> {
  const config = await readConfig(options);
  const unused: string[] = [];
  printUnused(config, (line) => unused.push(line));
  const { device, reason } = await openDevice(...options.device);
  const { total } = Deno.systemMemoryInfo();
  const { lines, fits } = await dryRun(config, device, total);
  device.destroy();
  if (!fits) Deno.exitCode = 1;
  await printProduct([...unused, `device: ${reason}`, ...lines]);
}

async function resumedJob(path: string, changes: RunChanges): Promise<Job> {
  return { ...await openToResume(path, changes), resume: true };
}

async function runJob(
  { config, run, resume }: Job,
  options: Options,
  signal: AbortSignal,
): Promise<JobResult> {
  const { device: choice, download, tensorboard } = options;
  const display = new RunDisplay(config);
  signal.addEventListener("abort", () => {
    display.print("stopping; press Ctrl-C again to stop at once");
  });
  const data = located(config.data);
  if (download) await unlessAborted(signal, fetchDataset(data));
  await identifyData(run, data);
  const { device, reason } = await openDevice(...choice);
  const splits = await openData(data, signal);
  display.print(`data: ${describeData(config, splits)}`);
  const repeated = repeatedImages(config, splits.unlabelled.size);
  if (repeated) display.print(`data: ${repeated}`);
  display.print(`device: ${reason}`);
  display.print(`run: ${run.path}`);
  if (!resume) printUnused(config, (line) => display.print(line));
  try {
    if (resume) await changeRun(run, config, options);
    const result = await pretrain(config, {
      device,
      splits,
      run,
      resume,
      tensorBoard: tensorboard,
      signal,
      onPhase: (phase, step) => display.begin(phase, step),
      onKernel: (...kernels) => display.compiled(...kernels),
      onStep: (step, metrics) => display.update(step, metrics),
      probing: display.probing,
    });
    if (!result.finished) return result;
    const { step, metrics, untrained, trained } = result;
    await writeRunResult(run.path, { step, metrics, untrained, trained });
    const reportPath = await tryReport({
      ...{ device, splits, run, signal },
      onStart: (images) =>
        display.announce("writing the report ...", images, "images"),
      onProgress: (done) => display.advance(done),
    });
    return { ...result, reportPath };
  } finally {
    display.end();
    Object.values(splits).forEach((split) => split?.close());
    device.destroy();
  }
}

async function fetchDataset(data: DatasetOptions): Promise<void> {
  const display = new DownloadDisplay();
  try {
    await downloadDataset(data, (progress) => display.update(progress));
  } finally {
    display.end();
  }
}

/** Writes the page about the run; a failure to do so does not fail the run. */
async function tryReport(task: ReportTask): Promise<string | undefined> {
  try {
    // loaded only now, so that the first step need not wait
    const { writeReport } = await import("../report/write_report.ts");
    return await writeReport(task);
  } catch (error) {
    if (error === task.signal?.reason) return undefined;
    const message = error instanceof Error ? error.message : String(error);
    console.error(
      `there is no report: ${message}; to try again: deno task report ${
        quoted(task.run.path)
      }`,
    );
    return undefined;
  }
}

/** Prints how the run ended. */
function report(
  { step, finished, metrics, untrained, trained, reportPath }: JobResult,
  { config, run }: Job,
): void {
  if (!finished) {
    console.log(
      `stopped after ${step} of ${config.steps} steps; resume with:\n` +
        `  deno task pretrain --resume ${quoted(run.path)}`,
    );
    return;
  }
  if (metrics) console.log(`loss: ${metrics.loss.toFixed(4)}`);
  if (untrained && trained) {
    console.log(probeTable({ untrained, trained }));
    console.log(
      `to measure with all images: deno task probe ${quoted(run.path)}`,
    );
  }
  console.log(`run: ${run.path}`);
  if (reportPath !== undefined) console.log(`report: ${reportPath}`);
}

await runProgram(main);
