import type { PixelImage } from "../../datasets/resize.ts";

/**
 * A picture of any size: its pixels, such as an `ImageData`; an encoded file's content; or where
 * that file is, a URL in a browser and a path or a `file:` URL in Deno.
 */
export type Picture = PixelImage | Blob | Uint8Array | string | URL;

/** A picture that is still to be decoded. */
export type EncodedPicture = Exclude<Picture, PixelImage>;

/** Decodes pictures where the platform can. */
export interface PictureDecoder {
  /**
   * Decodes pictures into their central squares of `size` by `size` pixels.
   *
   * @returns planes red, green, blue of each: `[3, size, size]`.
   * @throws {UserError} if one cannot be read or decoded.
   */
  decode(
    pictures: readonly EncodedPicture[],
    size: number,
  ): Promise<Uint8Array[]>;
  /** Releases what decoding has taken. */
  close(): void;
}

/** Whether a picture's pixels are at hand. */
export function isPixels(picture: Picture): picture is PixelImage {
  return typeof picture === "object" && "width" in picture &&
    "data" in picture;
}

/** How errors name a file: by its URL or its own name, else as it is called here. */
export function nameOf(
  file: EncodedPicture,
  otherwise: string,
): string {
  if (file instanceof File) return file.name;
  return file instanceof Blob || file instanceof Uint8Array
    ? otherwise
    : String(file);
}
