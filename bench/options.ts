import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "../train/cli/arguments.ts";
import { readDevice } from "../train/cli/device_option.ts";

const command = {
  usage: "deno task bench",
  help:
    "Measures this project beside others that do the same work on the same machine.",
  options: {
    device: {
      kind: "text",
      value: "NAME",
      default: "auto",
      help: "webgpu, wasm or auto: a GPU if any, else wasm",
    },
    only: {
      kind: "text",
      value: "TEXT",
      help: "only cases whose name contains this",
    },
    json: {
      kind: "text",
      value: "FILE",
      help: "write the results there as well",
    },
  },
  examples: [
    "deno task bench",
    "deno task bench --only matmul --json results.json",
  ],
} as const satisfies Command;

/** What the command line asks for. */
export type Options = Omit<OptionValues<typeof command>, "device"> & {
  /** What to call `openDevice` with. */
  readonly device: ReturnType<typeof readDevice>;
};

/**
 * Reads the arguments of `bench`.
 *
 * @returns `"help"` where that is among them.
 * @throws {UserError} if they are wrong.
 */
export function readOptions(args: readonly string[]): Options | "help" {
  const options = parseArguments(command, args);
  if (options === "help") return options;
  return { ...options, device: readDevice(options) };
}

/** What `--help` prints. */
export function help(): string {
  return helpText(command);
}
