import { UserError } from "../../engine/user_error.ts";
import {
  UNFINISHED_SUFFIX,
  writeJsonAtomically,
} from "../../datasets/files/atomic_file.ts";
import { listFolder, makeFolder } from "../../datasets/files/folders.ts";
import { readSettings } from "../config/loader.ts";
import { isOfStep0 } from "./checkpoint.ts";
import { type LockedRunFolder, lockRun } from "./lock.ts";
import { readMetrics } from "./metrics_file.ts";
import { isEventFile } from "./tensorboard/event_file.ts";
import { withFileErrors } from "../../datasets/files/system_error.ts";

/** Where a run keeps its files. */
export interface RunFolder {
  /** The folder itself. */
  readonly path: string;
  /** All settings of the run, resolved: `config.json`. */
  readonly configPath: string;
  /** One JSON object a line: `metrics.jsonl`. */
  readonly metricsPath: string;
  /** The folder of the checkpoints. */
  readonly checkpointsPath: string;
  /** What identifies the images: `data.json`. */
  readonly dataPath: string;
  /** How long an experiment lets the run pretrain: `budget.json`. */
  readonly budgetPath: string;
  /** Locked while a process trains: `lock`. */
  readonly lockPath: string;
}

/**
 * Makes the folder of a new run, by default `runs/2026-01-31_15-04-05-NAME`, and writes its
 * `config.json`.
 *
 * @param name Ends the folder's name, such as the preset's name; letters, digits, `.`, `_` and `-`.
 * @param config All settings of the run; anything that JSON holds.
 * @param out The folder to use instead; made where it does not exist.
 * @throws {UserError} `out` is not empty, another process begins a run in it, the name is not fit for a
 * folder, access is denied or the disk is full.
 */
export async function createRunFolder(
  name: string,
  config: unknown,
  out?: string,
): Promise<RunFolder> {
  const { run, lock } = await createLockedRun(name, config, out);
  lock[Symbol.dispose]();
  return run;
}

/**
 * Makes the folder of a new run as {@linkcode createRunFolder} does, for this process alone: of several
 * that begin in the same folder at once one does.
 *
 * @throws {UserError} As {@linkcode createRunFolder}.
 */
export async function createLockedRun(
  name: string,
  config: unknown,
  out?: string,
): Promise<LockedRunFolder> {
  const path = out === undefined
    ? await makeDated(name)
    : await makeChosen(out);
  const run = runFolder(path);
  using releasing = new DisposableStack();
  const lock = releasing.use(await lockRun(run));
  // again, now that nobody else can begin one there
  await requireUnused(path);
  try {
    // first, so that a folder left by a kill is that of a run, which can be resumed
    await writeJsonAtomically(run.configPath, config);
    await makeFolder(run.checkpointsPath);
  } catch (error) {
    await removeUnusedRunFolder(run);
    throw error;
  }
  releasing.move();
  return { run, lock };
}

/**
 * Removes the folder of a new run that came to nothing: one without a checkpoint of a step and without
 * a measurement. Anything else in the folder stays, and then so does the folder. For whoever has it locked.
 */
export async function removeUnusedRunFolder(run: RunFolder): Promise<void> {
  const { path, configPath, metricsPath, checkpointsPath } = run;
  let checkpoints: string[];
  let eventFiles: string[];
  try {
    checkpoints = await listFolder(checkpointsPath);
    if (!checkpoints.every(isOfStep0)) return;
    if ((await readMetrics(metricsPath)).length > 0) return;
    eventFiles = (await listFolder(path)).filter(isEventFile);
  } catch {
    return;
  }
  const parts = [
    ...checkpoints.map((name) => `${checkpointsPath}/${name}`),
    ...eventFiles.map((name) => `${path}/${name}`),
    ...[metricsPath, run.dataPath, run.budgetPath].flatMap(
      (path) => [path, path + UNFINISHED_SUFFIX],
    ),
    checkpointsPath,
    // last, so that the folder is that of a run, in use, until all is gone
    ...[configPath, run.lockPath, path],
  ];
  for (const part of parts) {
    // a missing file need not be removed, and one that cannot be is not worth an error
    await Deno.remove(part).catch(() => {});
  }
}

/**
 * Opens the folder of a run begun before.
 *
 * @returns The folder, and what its `config.json` says.
 * @throws {UserError} The folder is missing, is not that of a run, or cannot be read; or its `config.json`
 * does not hold settings.
 */
export async function openRunFolder(
  path: string,
): Promise<{ run: RunFolder; config: unknown }> {
  const run = runFolder(path);
  if (!(await isRunFolder(path))) {
    throw new UserError(
      `${path} is not the folder of a run: it has no config.json`,
    );
  }
  return { run, config: await readSettings(run.configPath) };
}

/**
 * Whether a folder is that of a run, which {@linkcode openRunFolder} opens.
 *
 * @returns `false` also where the folder does not exist.
 * @throws {UserError} The folder cannot be read.
 */
export async function isRunFolder(path: string): Promise<boolean> {
  return (await listFolder(path)).includes("config.json");
}

function runFolder(path: string): RunFolder {
  return {
    path,
    configPath: `${path}/config.json`,
    metricsPath: `${path}/metrics.jsonl`,
    checkpointsPath: `${path}/checkpoints`,
    dataPath: `${path}/data.json`,
    budgetPath: `${path}/budget.json`,
    lockPath: `${path}/lock`,
  };
}

/** What a program that was killed may leave where there is no run yet, or none any more. */
const LEFTOVERS = [`config.json${UNFINISHED_SUFFIX}`, "lock"];

/**
 * Makes sure that a folder can become that of a new run.
 *
 * @throws {UserError} The folder is not empty or cannot be read.
 */
export async function requireUnused(out: string): Promise<void> {
  const names = await listFolder(out);
  if (names.includes("config.json")) {
    throw new UserError(
      `${out} already holds a run; continue that one, or choose another folder`,
    );
  }
  if (!names.every((name) => LEFTOVERS.includes(name))) {
    throw new UserError(
      `${out} is not empty and not the folder of a run; choose another folder`,
    );
  }
}

/** Makes sure that a folder chosen by name is there and empty. */
async function makeChosen(out: string): Promise<string> {
  await requireUnused(out);
  await makeFolder(out);
  return out;
}

async function makeDated(name: string): Promise<string> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new UserError(
      `the run's name is ${
        JSON.stringify(name)
      }; use letters, digits, ".", "_" and "-" only`,
    );
  }
  await makeFolder("runs");
  const base = `runs/${localTime(new Date())}-${name}`;
  for (let attempt = 1;; attempt++) {
    const path = attempt === 1 ? base : `${base}-${attempt}`;
    if (await makeUnlessPresent(path)) return path;
    // another run began within the same second
  }
}

/** Makes a folder; `false` where there is something of that name already. */
function makeUnlessPresent(path: string): Promise<boolean> {
  return withFileErrors(`cannot make the folder ${path}`, async () => {
    try {
      await Deno.mkdir(path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw error;
    }
  });
}

/** The date and time on this machine's clock, such as `2026-01-31_15-04-05`. */
function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${day.map(two).join("-")}_${time.map(two).join("-")}`;
}
