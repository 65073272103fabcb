import { describeSystemError } from "../../datasets/files/system_error.ts";
import type { Operand } from "./arguments.ts";
import { encoderOfRun } from "../export/export_encoder.ts";
import { loadEncoder } from "../export/load_encoder.ts";
import {
  PretrainedEncoder,
  type PretrainedEncoderOptions,
} from "../export/pretrained_encoder.ts";

/** The operand of commands that use an encoder. */
export const encoderOperand: Operand = {
  value: "RUN",
  help: "the folder of a run, or an encoder exported as safetensors",
};

/**
 * Opens the encoder that a person names: that of a run's latest checkpoint, or an exported one.
 *
 * @throws {UserError} if there is none.
 */
export async function openEncoder(
  path: string,
  options: PretrainedEncoderOptions,
): Promise<PretrainedEncoder> {
  return await isFolder(path)
    ? await PretrainedEncoder.open(await encoderOfRun(path), path, options)
    : await loadEncoder(path, options);
}

/**
 * The folder of the run or of the exported file, where results go by default.
 *
 * @throws {UserError} if there is neither.
 */
export async function folderBeside(path: string): Promise<string> {
  if (await isFolder(path)) return path;
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    throw describeSystemError(error, `cannot read ${path}`);
  }
}
