/** The command `experiment`. */
import { basename } from "node:path";
import { writeTextAtomically } from "../../datasets/files/atomic_file.ts";
import { downloadDataset } from "../../datasets/registry.ts";
import { openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { type Cell, cellsOf } from "../experiment/cells.ts";
import { readExperiment } from "../experiment/experiment_file.ts";
import { failuresOf, type FinishedCell } from "../experiment/finished_cell.ts";
import { runCell } from "../experiment/run_cell.ts";
import { runExperiment } from "../experiment/run_experiment.ts";
import { withStored } from "../experiment/stored_cells.ts";
import { experimentCsv, experimentMarkdown } from "../experiment/table.ts";
import { quoted } from "../run/quoted.ts";
import { afterMinutes } from "./after_minutes.ts";
import { type Command, helpText, parseArguments } from "./arguments.ts";
import { checkModel } from "./check_model.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { CellDisplay } from "./cell_display.ts";
import { DownloadDisplay } from "./download_display.ts";
import { printProduct } from "./output.ts";
import { projectPath } from "./paths.ts";
import { onInterrupt, runProgram } from "./run_program.ts";
import { unlessAborted } from "../unless_aborted.ts";

const command = {
  usage: "deno task experiment",
  help:
    `Pretrains and measures every run of an experiment, and writes a table of what
they learned. Ctrl-C stops it; run again, it continues where it was. Two that
run at the same time share the work.`,
  operand: {
    value: "FILE",
    help: "a JSON file of rows, axes and seeds; see examples/experiments",
  },
  options: {
    out: {
      kind: "path",
      value: "FOLDER",
      help: "the folder of the runs; by default runs/ and the file's name",
    },
    minutes: {
      kind: "number",
      value: "N",
      help: "stop after this time, as Ctrl-C does",
    },
    ...deviceOptions,
    download: {
      kind: "flag",
      help: "download missing data sets first",
    },
  },
  examples: [
    "deno task experiment examples/experiments/table-1-tiny.json --download",
    "deno task experiment my-grid.json --minutes 60",
  ],
} as const satisfies Command;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([helpText(command)]);
  const { operand: file, minutes } = options;
  const choice = readDevice(options);
  const limit = minutes === undefined ? [] : [afterMinutes(minutes)];
  const experiment = await readExperiment(file);
  const cells = cellsOf(experiment);
  await nameImpossible(cells);
  const { out } = options;
  const path = out ?? defaultFolder(file);
  const repeating = `deno task experiment ${quoted(file)}` +
    (out === undefined ? "" : ` --out ${quoted(out)}`);
  const interrupt = onInterrupt();
  interrupt.addEventListener("abort", () => {
    console.error("\nstopping; press Ctrl-C again to stop at once");
  });
  const signal = AbortSignal.any([interrupt, ...limit]);
  if (options.download) await unlessAborted(interrupt, download(cells));
  const { device, reason } = await openDevice(...choice);
  console.error(`device: ${reason}`);
  let finished: readonly FinishedCell[] = [];
  try {
    const others = await runExperiment(cells, {
      path,
      signal,
      run: async (cell, path) => {
        console.error(
          `\n${cells.indexOf(cell) + 1} of ${cells.length}: ${cell.label}`,
        );
        const display = new CellDisplay();
        try {
          return await runCell(cell, {
            ...{ device, path, experiment, signal },
            ...display.events,
          });
        } finally {
          display.end();
        }
      },
      onFinished: async (ours) => {
        finished = ours;
        const all = await withStored(cells, path, experiment, ours);
        const table = experimentMarkdown(experiment, all, repeating);
        await writeTextAtomically(`${path}/results.md`, table);
        await writeTextAtomically(`${path}/results.csv`, experimentCsv(all));
      },
    });
    report(path, finished, others);
  } catch (error) {
    if (error !== signal.reason) throw error;
    const done = await withStored(cells, path, experiment, finished);
    console.log(
      `stopped with ${done.length} of ${cells.length} runs done; run the same command to continue`,
    );
  } finally {
    device.destroy();
  }
}

/** Names runs whose parts do not fit together now, not when their turn comes; the others can run. */
async function nameImpossible(cells: readonly Cell[]): Promise<void> {
  const distinct = new Map(cells.map((cell) => {
    const { seed: _, ...parts } = cell.config;
    return [JSON.stringify(parts), cell];
  }));
  for (const { label, config } of distinct.values()) {
    try {
      await checkModel(config);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      console.error(`${label} will fail: ${error.message}`);
    }
  }
}

/** `runs/table-1` for `examples/table-1.json`. */
function defaultFolder(file: string): string {
  return projectPath(`runs/${basename(file).replace(/\.jsonc?$/, "")}`);
}

async function download(cells: readonly Cell[]): Promise<void> {
  const datasets = new Map(
    cells.map(({ config: { data } }) => [JSON.stringify(data), data]),
  );
  for (const data of datasets.values()) {
    const display = new DownloadDisplay();
    try {
      await downloadDataset(data, (progress) => display.update(progress));
    } finally {
      display.end();
    }
  }
}

/** Prints how it ended; a failed run makes the exit code 1. */
function report(
  path: string,
  finished: readonly FinishedCell[],
  others: readonly Cell[],
): void {
  console.log(`table: ${path}/results.md`);
  for (const { label } of others) {
    console.log(
      `another process is running ${label}; it will complete the table`,
    );
  }
  const failures = finished.map(failuresOf).filter(({ length }) => length > 0);
  if (failures.length === 0) return;
  throw new UserError(
    `${failures.length} of ${finished.length} runs failed; the same command tries them again:\n  ` +
      failures.flat().join("\n  "),
  );
}

await runProgram(main);
