/**
 * Computes features with an exported encoder, in a browser or anywhere else that has WebGPU or
 * WebAssembly.
 *
 * ```ts ignore
 * const encoder = await loadEncoder("encoder.safetensors");
 * const [features] = await encoder.features([picture]);
 * ```
 *
 * @module
 */
import { UserError } from "../../engine/user_error.ts";
import { decodeEncoder } from "./encoder_file.ts";
import {
  PretrainedEncoder,
  type PretrainedEncoderOptions,
} from "./pretrained_encoder.ts";

export { CanvasDecoder } from "./canvas_decoder.ts";
export type { Preprocessing } from "../../datasets/augmentation/augmentation.ts";
export type { PixelImage, Squaring } from "../../datasets/resize.ts";
export type { EncoderContents, EncoderDescription } from "./encoder_file.ts";
export { PretrainedEncoder, type PretrainedEncoderOptions };
import { nameOf } from "./pictures.ts";
export type { EncodedPicture, Picture, PictureDecoder } from "./pictures.ts";

/**
 * Loads an encoder that was exported as safetensors.
 *
 * @param source The file, its content, or a URL to fetch it from.
 * @throws {UserError} if the file cannot be fetched or is not an exported encoder, or there is no
 * such device.
 */
export async function loadEncoder(
  source: Blob | Uint8Array | string | URL,
  options: PretrainedEncoderOptions = {},
): Promise<PretrainedEncoder> {
  const name = nameOf(source, "the encoder");
  const bytes = source instanceof Uint8Array
    ? source
    : await (source instanceof Blob ? source : await fetchFile(source)).bytes();
  return await PretrainedEncoder.open(
    decodeEncoder(bytes, name),
    name,
    options,
  );
}

async function fetchFile(url: string | URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new UserError(
      `cannot fetch ${url}: the server answers ${response.status}`,
    );
  }
  return response;
}
