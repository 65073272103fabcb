import { describeSystemError } from "../../datasets/files/system_error.ts";
import { decodeEncoder } from "./encoder_file.ts";
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
  const [bytes, name] = source instanceof Uint8Array
    ? [source, "the encoder"]
    : [await readFile(source), String(source)];
  return await PretrainedEncoder.open(decodeEncoder(bytes, name), name, {
    decoder: new FileDecoder(),
    ...options,
  });
}

async function readFile(path: string | URL): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw describeSystemError(error, `cannot read ${path}`);
  }
}
