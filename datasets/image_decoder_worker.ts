/** The worker of `ImageDecoder`: answers each request, in order, with a reply. */
import {
  AlphaAction,
  ColorSpace,
  Gravity,
  MagickColors,
  MagickFormat,
  MagickImage,
  MagickReadSettings,
  ResourceLimits,
} from "@imagemagick/magick-wasm";
import type { DecodeReply, DecodeRequest } from "./image_decoder.ts";
import { loadImageMagick } from "./load_image_magick.ts";

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = async ({ data }: MessageEvent<DecodeRequest>) => {
  const reply = await answer(data);
  self.postMessage(reply, "pixels" in reply ? [reply.pixels.buffer] : []);
};

/** Files of more bytes and pictures of more pixels would take the memory of all other workers. */
const MAX_FILE_BYTES = 2 ** 29;
const MAX_PIXELS = 2 ** 27;

/** What ImageMagick's reasons mean. */
const REASONS: Readonly<Record<string, string>> = {
  NoDecodeDelegateForThisImageFormat: "its format is unknown",
  CacheResourcesExhausted: "it has more than 134 megapixels",
};

async function answer(
  { file, imageSize }: DecodeRequest,
): Promise<DecodeReply> {
  try {
    await loadImageMagick();
    ResourceLimits.area = BigInt(MAX_PIXELS);
    // what exceeds a limit would go there
    ResourceLimits.disk = 0n;
    const bytes = typeof file === "string" ? readRegular(file) : file;
    if (bytes.length === 0) throw new Error("it is empty");
    return { pixels: decode(bytes, imageSize) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

/** A readable line. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // ImageMagick adds where in its sources an error arose, after a backquote, and quotes the file,
  // which may hold what moves a terminal's cursor
  const reason = message.split(" `")[0].replace(/[\s\p{Cc}]+/gu, " ").trim();
  return REASONS[reason] ?? reason;
}

/** Reads a file that has an end; a pipe or a device may have none. */
function readRegular(path: string): Uint8Array {
  const { isFile, size } = Deno.statSync(path);
  if (!isFile) throw new Error("it is not a regular file");
  if (size > MAX_FILE_BYTES) throw new Error("it is larger than 512 MiB");
  return Deno.readFileSync(path);
}

/**
 * Decodes an image, or the first frame of an animation, upright, as `[3, imageSize, imageSize]`: its
 * central square, resized.
 */
function decode(bytes: Uint8Array, imageSize: number): Uint8Array<ArrayBuffer> {
  // hundreds of frames would take a minute and a gigabyte
  const settings = new MagickReadSettings({ frameIndex: 0, frameCount: 1 });
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
    // a file may ask for another
    image.backgroundColor = MagickColors.White;
    image.alpha(AlphaAction.Remove);
    image.colorSpace = ColorSpace.sRGB;
    // a crop is within the page, where the picture may lie anywhere
    image.resetPage();
    const side = Math.min(image.width, image.height);
    image.crop(side, side, Gravity.Center);
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
