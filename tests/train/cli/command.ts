import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import configuration from "../../../deno.json" with { type: "json" };
import { readMetrics } from "../../../train/run/metrics_file.ts";

const root = new URL("../../../", import.meta.url);
const { tasks } = configuration;

/** Options for a model so small, whichever the preset, that a run takes about a second. */
export const TINY: readonly string[] = [
  "data.name=synthetic",
  "data.trainSize=4",
  "data.testSize=2",
  "augmentation.name=translate",
  "views=1",
  "encoder.depth=18",
  "encoder.width=0.0625",
  "encoder.stem=small",
  "model.name=maskedPatchPrediction",
  "model.grid=2",
  "model.masked=1",
  "model.transformer.layers=1",
  "model.transformer.heads=2",
  "model.transformer.feedForward=12",
  "model.projection=8",
  "model.exchange=null",
  "model.doubleView=false",
  "model.vocabulary=null",
  "losses.maskedPatch.weight=1",
  "losses.image.weight=0",
  "losses.patchVocabulary.weight=0",
  "losses.imageVocabulary.weight=0",
  "losses.selfie.weight=0",
  "losses.allp.weight=0",
  "batchSize=2",
  "steps=3",
  "warmupSteps=1",
  "metricsEvery=1",
].flatMap((setting) => ["--set", setting]);

/** The `data.json` of a run that was trained on five files of pictures. */
export const FIVE_PICTURES: string = JSON.stringify({
  files: 5,
  names: "",
  sizes: "",
  contents: "",
});

/** What is said of a run `changed`, trained on them, whose folder `pictures` now has `files`. */
export function changedPictures(files: number): RegExp {
  return new RegExp(
    `^pictures does not have the images that changed was started with: it has ${files} files where there were 5; put those back, or give the folder that has them$`,
  );
}

/** What a program left behind when it ended. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts a task of deno.json in a folder, with the permissions that it has there.
 *
 * @param moreFlags Flags for Deno besides those of the task.
 * @param caller The folder that it is called from, if it is another one.
 */
export function startTask(
  name: keyof typeof tasks,
  folder: string,
  args: readonly string[],
  moreFlags: readonly string[] = [],
  caller: string = folder,
): Deno.ChildProcess {
  return start(
    Deno.execPath(),
    denoArgs(name, args, moreFlags),
    folder,
    caller,
  );
}

/** Arguments for Deno that run a task of deno.json, with its permissions. */
function denoArgs(
  name: keyof typeof tasks,
  args: readonly string[],
  moreFlags: readonly string[],
): string[] {
  // deno run --allow-... script
  const [, , ...flags] = tasks[name].command
    .replace("--lock=", `--lock=${fileURLToPath(root)}`).split(" ");
  const script = new URL(flags.pop()!, root);
  return [
    "run",
    "--quiet",
    `--config=${fileURLToPath(new URL("deno.json", root))}`,
    ...flags,
    ...moreFlags,
    script.href,
    ...args,
  ];
}

function start(
  program: string,
  args: readonly string[],
  folder: string,
  caller: string,
): Deno.ChildProcess {
  return new Deno.Command(program, {
    args: [...args],
    cwd: folder,
    env: {
      NO_COLOR: "1",
      // without this, a graphics driver in software complains on the error stream
      XDG_RUNTIME_DIR: folder,
      // as `deno task` sets it
      INIT_CWD: caller,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for a program to end. */
export async function outputOf(child: Deno.ChildProcess): Promise<Output> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    // whether this takes long enough to be announced depends on the machine
    stderr: decoder.decode(stderr).replaceAll(
      /^reading the images of .*\n/gm,
      "",
    ),
  };
}

/** Runs a task of deno.json in a folder, to its end. */
export function runTask(
  name: keyof typeof tasks,
  folder: string,
  ...args: string[]
): Promise<Output> {
  return outputOf(startTask(name, folder, args));
}

/** Runs a task of deno.json in a folder, to its end, with its standard output on a full disk. */
export function runTaskOnFullDisk(
  name: keyof typeof tasks,
  folder: string,
  ...args: string[]
): Promise<Output> {
  const script = 'exec "$0" "$@" > /dev/full';
  const words = [Deno.execPath(), ...denoArgs(name, args, [])];
  return outputOf(start("sh", ["-c", script, ...words], folder, folder));
}

/**
 * Starts `deno task pretrain` in a folder.
 *
 * @param moreFlags Flags for Deno besides those of the task.
 */
export function startCommand(
  folder: string,
  args: readonly string[],
  moreFlags?: readonly string[],
): Deno.ChildProcess {
  return startTask("pretrain", folder, args, moreFlags);
}

/** Runs `deno task pretrain` in a folder, to its end. */
export function runCommand(
  ...parameters: Parameters<typeof startCommand>
): Promise<Output> {
  return outputOf(startCommand(...parameters));
}

/** The content of a JSON file. */
// deno-lint-ignore no-explicit-any
export async function readJson(path: string): Promise<any> {
  return JSON.parse(await Deno.readTextFile(path));
}

/** The steps of which a run has recorded the measurements. */
export async function stepsMeasured(run: string): Promise<number[]> {
  return (await readMetrics(`${run}/metrics.jsonl`)).map(({ step }) => step);
}

/**
 * Runs `deno task pretrain`, which must refuse: one sentence on the error stream, code 1, and
 * nothing in the folder is changed.
 *
 * @param expected What must follow `error: `.
 */
export async function assertRefused(
  expected: RegExp,
  folder: string,
  ...options: [args: readonly string[], moreFlags?: readonly string[]]
): Promise<void> {
  const before = await inventory(folder);
  const { code, stdout, stderr } = await runCommand(folder, ...options);
  assertEquals([code, stdout], [1, ""], stderr);
  const [error, ...more] = stderr.trimEnd().split("\n")
    .filter((line) =>
      !/^(data|device|run): |^compiling |^\d+\/\d+ /.test(line)
    );
  assertEquals(more, []);
  assertMatch(error, /^error: /);
  assertMatch(error.replace("error: ", ""), expected);
  // where runs and decoded pictures are put by default may stay, empty
  const places = ["runs/", "data/", "data/cache/"];
  const after = (await inventory(folder)).filter((item) =>
    before.includes(item) || !places.includes(item.slice(folder.length + 1))
  );
  assertEquals(after, before);
}

/** All that lies in a folder: of each file its size and when it was last written. */
async function inventory(folder: string): Promise<string[]> {
  const items: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) items.push(`${path}/`, ...await inventory(path));
    else {
      const { size, mtime } = await Deno.stat(path);
      items.push(`${path}, ${size} bytes of ${mtime?.getTime()}`);
    }
  }
  return items.sort();
}
