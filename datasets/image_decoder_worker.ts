/** The worker of `ImageDecoder`: answers each request, in order, with a reply. */
import {
  AlphaAction,
  ColorSpace,
  Gravity,
  MagickFormat,
  MagickImage,
  MagickReadSettings,
} from "@imagemagick/magick-wasm";
import type { DecodeReply, DecodeRequest } from "./image_decoder.ts";
import { loadImageMagick } from "./load_image_magick.ts";

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = async ({ data }: MessageEvent<DecodeRequest>) => {
  const reply = await answer(data);
  self.postMessage(reply, "pixels" in reply ? [reply.pixels.buffer] : []);
};

async function answer(
  { file, imageSize }: DecodeRequest,
): Promise<DecodeReply> {
  try {
    await loadImageMagick();
    const bytes = typeof file === "string" ? readRegular(file) : file;
    return { pixels: decode(bytes, imageSize) };
  } catch (error) {
    // ImageMagick adds where in its sources an error arose, after a backquote.
    return { error: (error as Error).message.split(" `")[0] };
  }
}

/** Reads a file that has an end; a pipe or a device may have none. */
function readRegular(path: string): Uint8Array {
  if (!Deno.statSync(path).isFile) throw new Error("it is not a regular file");
  return Deno.readFileSync(path);
}

/** Decodes an image upright, as `[3, imageSize, imageSize]`: its central square, resized. */
function decode(bytes: Uint8Array, imageSize: number): Uint8Array<ArrayBuffer> {
  const settings = new MagickReadSettings();
  // A JPEG may be decoded at a fraction of its size, many times faster; twice the target is fine enough.
  settings.setDefine(
    MagickFormat.Jpeg,
    "size",
    `${2 * imageSize}x${2 * imageSize}`,
  );
  const image = MagickImage.create();
  try {
    let truncated = false;
    // The JPEG decoder fills what is missing with grey and only warns.
    image.onWarning = ({ error }) =>
      truncated ||= error.message.startsWith("Premature end");
    image.read(bytes, settings);
    if (truncated) throw new Error("the file is cut short");
    image.autoOrient();
    image.alpha(AlphaAction.Remove);
    image.colorSpace = ColorSpace.sRGB;
    const side = Math.min(image.width, image.height);
    image.crop(side, side, Gravity.Center);
    image.resetPage();
    image.resize(imageSize, imageSize);
    const pixels = image.getPixels((area) =>
      area.toByteArray(0, 0, imageSize, imageSize, "RGB")
    );
    if (pixels === null) throw new Error("it has no pixels");
    return toPlanes(pixels);
  } finally {
    image.dispose();
  }
}

function toPlanes(interleaved: Uint8Array): Uint8Array<ArrayBuffer> {
  const planes = new Uint8Array(interleaved.length);
  const area = planes.length / 3;
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * area + i] = interleaved[3 * i + channel];
    }
  }
  return planes;
}
