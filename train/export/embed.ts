import { ImageDecoder } from "../../datasets/image_decoder.ts";
import type { PretrainedEncoder } from "./pretrained_encoder.ts";

/** Image files decoded while those before them are computed. */
const FILES_AT_A_TIME = 128;

/** The outcome for a file: its features, or why there are none. */
export type Embedding =
  & { readonly path: string }
  & ({ readonly features: Float32Array } | { readonly error: string });

/**
 * Computes features of image files. A file that cannot be decoded does not stop the others.
 *
 * @param kind Which features, one of the encoder's `kinds`.
 * @returns the outcome for each file, in order.
 */
export async function* embedFiles(
  encoder: PretrainedEncoder,
  paths: readonly string[],
  kind?: string,
): AsyncGenerator<Embedding> {
  const { imageSize } = encoder.description;
  using decoder = new ImageDecoder(imageSize);
  const decode = (start: number) =>
    decodeFiles(decoder, paths.slice(start, start + FILES_AT_A_TIME));
  let next = decode(0);
  for (let start = 0; start < paths.length; start += FILES_AT_A_TIME) {
    const { images, errors } = await next;
    next = decode(start + FILES_AT_A_TIME);
    // one that fails is reported when its turn comes
    next.catch(() => {});
    const features = (await encoder.featuresOfSquares(images, kind)).values();
    const block = paths.slice(start, start + FILES_AT_A_TIME);
    for (const [i, path] of block.entries()) {
      const error = errors.get(i);
      if (error !== undefined) yield { path, error };
      else yield { path, features: features.next().value! };
    }
  }
}

/** The files that could be decoded, `[files, 3, imageSize, imageSize]`, and why others could not. */
async function decodeFiles(decoder: ImageDecoder, paths: readonly string[]) {
  const planes: Uint8Array[] = [];
  const errors = new Map<number, string>();
  await decoder.decode(paths, (i, reply) => {
    if ("error" in reply) errors.set(i, reply.error);
    else planes[i] = reply.pixels;
  });
  const imageBytes = 3 * decoder.imageSize ** 2;
  const images = new Uint8Array((paths.length - errors.size) * imageBytes);
  let offset = 0;
  // skips the holes
  planes.forEach((pixels) => {
    images.set(pixels, offset);
    offset += imageBytes;
  });
  return { images, errors };
}
