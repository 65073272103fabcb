/** The command `export`. */
import { writeAll, writeAtomically } from "../../datasets/files/atomic_file.ts";
import { UserError } from "../../engine/user_error.ts";
import { nearest } from "../config/nearest.ts";
import { type ExportFormat, exportFormats } from "../export/formats.ts";
import { announceReplaced } from "./announce_replaced.ts";
import { type Command, helpText, parseArguments } from "./arguments.ts";
import {
  encoderOperand,
  folderBeside,
  readEncoder,
} from "./encoder_operand.ts";
import { printProduct } from "./output.ts";
import { runProgram } from "./run_program.ts";

const command = {
  usage: "deno task export",
  help: "Exports the encoder of a run, from its latest checkpoint.",
  operand: encoderOperand,
  options: {
    to: {
      kind: "text",
      value: "FORMAT",
      default: "safetensors",
      help: "the format, see below",
    },
    out: {
      kind: "path",
      value: "FILE",
      help: "where to write; by default beside the run's files",
    },
  },
  examples: [
    "deno task export runs/2026-12-31_12-00-00-double-view-tiny",
    "deno task export runs/2026-12-31_12-00-00-double-view-tiny --to onnx",
  ],
} as const satisfies Command;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([help()]);
  const { operand, to, out } = options;
  const { encode, fileName } = exportFormats[readFormat(to)];
  const contents = await readEncoder(operand);
  const path = out ?? `${await folderBeside(operand)}/${fileName}`;
  const bytes = encode(contents);
  await announceReplaced([path], `the encoder of ${operand}`);
  await writeAtomically(path, (sink) => writeAll(sink, bytes));
  const megabytes = (bytes.length / 1e6).toFixed(1);
  const { step } = contents.description;
  console.log(`the encoder after ${step} steps, ${megabytes} MB: ${path}`);
}

function readFormat(name: string): ExportFormat {
  const names = Object.keys(exportFormats);
  if (isFormat(name)) return name;
  const near = nearest(name, names);
  throw new UserError(
    `--to must be ${names.join(", ")}, not ${JSON.stringify(name)}` +
      (near === undefined ? "" : `; did you mean ${near}?`),
  );
}

function isFormat(name: string): name is ExportFormat {
  return Object.hasOwn(exportFormats, name);
}

function help(): string {
  const lines = Object.entries(exportFormats).map(([name, { description }]) =>
    `  ${name.padEnd(11)}  ${description}`
  );
  return [helpText(command), ["Formats:", ...lines].join("\n")].join("\n\n");
}

await runProgram(main);
