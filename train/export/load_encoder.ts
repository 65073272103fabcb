import { readBytes } from "../../datasets/files/read_file.ts";
import { decodeEncoder, type EncoderContents } from "./encoder_file.ts";
import { FileDecoder } from "./file_decoder.ts";
import {
  PretrainedEncoder,
  type PretrainedEncoderOptions,
} from "./pretrained_encoder.ts";

/**
 * Loads an encoder that was exported as safetensors.
 *
 * @param source The file: its path or a `file:` URL, or its content.
 * @throws {UserError} if the file cannot be read or is not an exported encoder, or there is no such
 * device.
 */
export async function loadEncoder(
  source: string | URL | Uint8Array,
  options: PretrainedEncoderOptions = {},
): Promise<PretrainedEncoder> {
  const [contents, name] = source instanceof Uint8Array
    ? [decodeEncoder(source, "the encoder"), "the encoder"]
    : [await readEncoderFile(source), String(source)];
  return await PretrainedEncoder.open(contents, name, {
    decoder: new FileDecoder(),
    ...options,
  });
}

/**
 * Reads an encoder that was exported as safetensors, without a device.
 *
 * @throws {UserError} if the file cannot be read or is not an exported encoder.
 */
export async function readEncoderFile(
  path: string | URL,
): Promise<EncoderContents> {
  return decodeEncoder(await readBytes(path), String(path));
}
