import { squarePlanes } from "../../datasets/resize.ts";
import { UserError } from "../../engine/user_error.ts";
import {
  type EncodedPicture,
  nameOf,
  type PictureDecoder,
} from "./pictures.ts";

/** Decodes pictures as a browser does, by a canvas. */
export class CanvasDecoder implements PictureDecoder {
  async decode(
    pictures: readonly EncodedPicture[],
    size: number,
  ): Promise<Uint8Array[]> {
    const planes: Uint8Array[] = [];
    // one at a time: a photo takes a hundred times the memory of the result
    for (const [i, picture] of pictures.entries()) {
      try {
        planes.push(squarePlanes(await readPixels(picture), size));
      } catch (cause) {
        throw new UserError(
          `cannot decode ${nameOf(picture, `picture ${i}`)}: ${
            cause instanceof Error ? cause.message : cause
          }`,
          { cause },
        );
      }
    }
    return planes;
  }

  close(): void {}
}

async function readPixels(picture: EncodedPicture): Promise<ImageData> {
  // colours as the file has them, as when training
  const bitmap = await createImageBitmap(await blobOf(picture), {
    colorSpaceConversion: "none",
  });
  try {
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height).getContext("2d");
    if (!canvas) throw new Error("there is no canvas to draw it on");
    canvas.drawImage(bitmap, 0, 0);
    return canvas.getImageData(0, 0, width, height);
  } finally {
    bitmap.close();
  }
}

async function blobOf(picture: EncodedPicture): Promise<Blob> {
  if (picture instanceof Blob) return picture;
  if (picture instanceof Uint8Array) return new Blob([picture.slice()]);
  const response = await fetch(picture);
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  return await response.blob();
}
