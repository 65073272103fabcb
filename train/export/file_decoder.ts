import { fileURLToPath } from "node:url";
import { ImageDecoder } from "../../datasets/image_decoder.ts";
import { UserError } from "../../engine/user_error.ts";
import type { EncodedPicture, PictureDecoder } from "./pictures.ts";

/** Decodes pictures as data sets of image files do, given by path or content. */
export class FileDecoder implements PictureDecoder {
  #decoder?: ImageDecoder;

  async decode(
    pictures: readonly EncodedPicture[],
    size: number,
  ): Promise<Uint8Array[]> {
    if (pictures.length === 0) return [];
    const files = await Promise.all(pictures.map(fileOf));
    const planes: Uint8Array[] = [];
    // an encoder asks for one size only
    this.#decoder ??= new ImageDecoder(size);
    await this.#decoder.decode(files, (i, reply) => {
      if ("pixels" in reply) planes[i] = reply.pixels;
      else {
        const file = files[i];
        const name = typeof file === "string" ? file : `picture ${i}`;
        throw new UserError(`cannot decode ${name}: ${reply.error}`);
      }
    });
    return planes;
  }

  close(): void {
    this.#decoder?.close();
    this.#decoder = undefined;
  }
}

async function fileOf(picture: EncodedPicture): Promise<string | Uint8Array> {
  if (picture instanceof Blob) return await picture.bytes();
  return picture instanceof URL ? fileURLToPath(picture) : picture;
}
