import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startTask, TINY } from "../train/cli/command.ts";

/** Steps between two checkpoints of the pretraining. */
const EVERY = 2;
/** Finetune validates, and saves, after 250 steps. */
const FINETUNING_STEPS = 260;

/** What of the materials lies in the folder of a command before it is run. */
export type Material = "pictures" | "run";

/** A command that is to survive whatever happens to it. */
export interface Command {
  /** Names it on the command line. */
  readonly name: string;
  /** What it works on. */
  readonly needs: readonly Material[];
  /** The folder in which it trains, and the steps between two checkpoints; absent where it does not. */
  readonly training?: { readonly folder: string; readonly every: number };
  /**
   * Starts it in a folder, or goes on with it as a person would who finds the folder as it is.
   *
   * @param flags Flags for Deno besides those of the task.
   */
  start(folder: string, flags?: readonly string[]): Deno.ChildProcess;
}

/** The settings of a tiny run on the folder `pictures`. */
const SETTINGS = [
  ...TINY.map((text) =>
    text.replace("name=synthetic", "name=folder")
      .replace("trainSize=4", "path=pictures")
      .replace("testSize=2", "imageSize=32")
      .replace("steps=3", "steps=5")
  ),
  ...["--set", `checkpoints.every=${EVERY}`, "--set", "evaluation.bank=2"],
];
const ON_WASM = ["--device", "wasm"];

/** Starts a pretraining in the folder `run`, or goes on with it. */
export function startPretraining(
  folder: string,
  flags: readonly string[] = [],
  device: readonly string[] = ON_WASM,
): Deno.ChildProcess {
  const args = existsSync(`${folder}/run/config.json`)
    ? ["--resume", "run", ...device]
    : [...SETTINGS, "--out", "run", ...device];
  return startTask("pretrain", folder, args, flags);
}

/**
 * The commands that write files.
 *
 * @param archive Where the download finds its archive.
 */
export function makeCommands(
  archive: { readonly url: string; readonly md5: string },
): Command[] {
  return [
    {
      name: "pretrain",
      needs: ["pictures"],
      training: { folder: "run", every: EVERY },
      start: startPretraining,
    },
    taskOnRun("probe", ON_WASM),
    {
      ...taskOnRun("finetune", [
        ...["--steps", String(FINETUNING_STEPS), "--batch-size", "2"],
        ...["--out", "tuned", ...ON_WASM],
      ]),
      training: { folder: "tuned", every: 250 },
    },
    taskOnRun("embed", ["--images", "pictures", ...ON_WASM]),
    taskOnRun("export", []),
    {
      name: "download",
      needs: [],
      start: (folder, flags = []) =>
        startProgram("fetch_archive.ts", folder, flags, [
          archive.url,
          archive.md5,
        ]),
    },
  ];
}

function taskOnRun(
  name: "probe" | "finetune" | "embed" | "export",
  args: readonly string[],
): Command {
  return {
    name,
    needs: ["pictures", "run"],
    start: (folder, flags) => startTask(name, folder, ["run", ...args], flags),
  };
}

function startProgram(
  file: string,
  folder: string,
  flags: readonly string[],
  args: readonly string[],
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write"],
      ...["--allow-net=127.0.0.1", "--allow-env=INIT_CWD", ...flags],
      fileURLToPath(new URL(file, import.meta.url)),
      ...args,
    ],
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}
