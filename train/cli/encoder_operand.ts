import { dirname } from "node:path";
import { withFileErrors } from "../../datasets/files/system_error.ts";
import type { Operand } from "./arguments.ts";
import type { EncoderContents } from "../export/encoder_file.ts";
import { encoderOfRun } from "../export/export_encoder.ts";
import { readEncoderFile } from "../export/load_encoder.ts";

/** The operand of commands that use an encoder. */
export const encoderOperand = {
  value: "RUN",
  help: "a run's folder, or an encoder exported as safetensors",
} as const satisfies Operand;

/**
 * Reads the encoder that the operand names: that of a run's latest checkpoint, or an exported one.
 *
 * @throws {UserError} if there is none.
 */
export async function readEncoder(path: string): Promise<EncoderContents> {
  return await isFolder(path)
    ? await encoderOfRun(path)
    : await readEncoderFile(path);
}

/**
 * The folder of the run or of the exported file, where results go by default.
 *
 * @throws {UserError} if there is neither.
 */
export async function folderBeside(path: string): Promise<string> {
  return await isFolder(path) ? path : dirname(path);
}

async function isFolder(path: string): Promise<boolean> {
  const { isDirectory } = await withFileErrors(
    `cannot read ${path}`,
    () => Deno.stat(path),
  );
  return isDirectory;
}
