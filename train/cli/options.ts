import { UserError } from "../../engine/user_error.ts";
import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "./arguments.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import { checkResume, resumeOptions } from "./resume_options.ts";
import { DEFAULT_PRESET, runOptions, settingInstead } from "./run_options.ts";
import { presets } from "../config/presets/mod.ts";

const command = {
  usage: "deno task pretrain",
  help:
    `Pretrains an image encoder on unlabelled images and measures what it learns.
Ctrl-C stops after the step under way, with a checkpoint; a second one, at once.
An extended run continues at the learning rate that one of the new number
of steps has there, which is higher than where it ended.`,
  options: {
    ...runOptions,
    ...deviceOptions,
    ...resumeOptions,
    "dry-run": {
      kind: "flag",
      help: "print the memory and time needed, and exit",
    },
    tensorboard: {
      kind: "flag",
      help: "also write the measurements for TensorBoard",
    },
    download: {
      kind: "flag",
      help: "download the data set first if it is missing",
    },
  },
  examples: [
    "deno task pretrain",
    "deno task pretrain --set steps=1000 --set optimizer.learningRate=5e-4",
    `deno task pretrain --resume runs/2026-12-31_12-00-00-${DEFAULT_PRESET}`,
    "deno task pretrain --resume runs/mine --extend 400",
  ],
  alternative: settingInstead,
} as const satisfies Command;

/** What the command line asks for. */
export type Options =
  & Omit<
    OptionValues<typeof command>,
    keyof typeof deviceOptions
  >
  & {
    /** What to call `openDevice` with. */
    readonly device: ReturnType<typeof readDevice>;
  };

/**
 * Reads the arguments of `pretrain`.
 *
 * @returns `"help"` where that is among them.
 * @throws {UserError} if they are wrong, or do not go together.
 */
export function readOptions(args: readonly string[]): Options | "help" {
  const options = parseArguments(command, args);
  if (options === "help") return options;
  checkResume(options);
  if (options["dry-run"] && options.resume !== undefined) {
    throw new UserError("--dry-run is for new runs; leave out --resume");
  }
  return { ...options, device: readDevice(options) };
}

/** What `--help` prints, or `--help settings`. */
export async function help(args: readonly string[]): Promise<string> {
  if (args.includes("settings")) {
    const page = new URL("../../docs/settings.md", import.meta.url);
    return (await Deno.readTextFile(page)).trimEnd();
  }
  const names = Object.keys(presets);
  const width = Math.max(...names.map((name) => name.length));
  const lines = Object.entries(presets).map(([name, { description }]) =>
    `  ${name.padEnd(width)}  ${description}` +
    (name === DEFAULT_PRESET ? " (default)" : "")
  );
  return [
    helpText(command),
    ["Presets:", ...lines].join("\n"),
    "All settings and what they mean: deno task pretrain --help settings",
  ].join("\n\n");
}
