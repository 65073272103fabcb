import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { packTar } from "modern-tar";
import type { ImageDataset } from "../../datasets/dataset.ts";
import { downloadArchive } from "../../datasets/download.ts";
import { ImageCache } from "../../datasets/image_cache.ts";
import { encodeHeader } from "../../datasets/image_cache_header.ts";
import { ImageDecoder } from "../../datasets/image_decoder.ts";
import * as kinds from "../../datasets/kinds.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile } from "../datasets/image_file.ts";
import { warningsOf } from "../datasets/warnings.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import type { Target } from "./target.ts";

const CIFAR10_BYTES = 3073;
const STL10_BYTES = 3 * 96 ** 2;

/** Reads all images of a data set, whose labels must name classes. */
async function readAll(dataset: ImageDataset): Promise<void> {
  const { size, imageSize, labels, classNames } = dataset;
  const images = await dataset.read([...Array(size).keys()]);
  assertEquals(images.length, size * 3 * imageSize ** 2);
  assert(labels?.every((label) => label < classNames!.length) ?? true);
  assertEquals(labels?.length ?? size, size);
}

const cifar10: Target = {
  name: "cifar10",
  files: [
    Uint8Array.from(
      { length: 2 * CIFAR10_BYTES },
      (_, i) => i % CIFAR10_BYTES === 0 ? 3 : i % 251,
    ),
  ],
  mutate: mutateBytes,
  async read(file, folder) {
    Deno.writeFileSync(`${folder}/data_batch_1.bin`, file);
    // that the other files are missing is said each time
    const { result } = await warningsOf(() =>
      kinds.cifar10.open({ name: "cifar10", path: folder })
    );
    await readAll(result.train!);
  },
};

const stl10: Target = {
  name: "stl10",
  // the labels, then the images
  files: [
    Uint8Array.from({ length: 2 + 2 * STL10_BYTES }, (_, i) => 1 + i % 10),
  ],
  mutate: mutateBytes,
  async read(file, folder) {
    const images = file.subarray(2);
    Deno.writeFileSync(`${folder}/unlabeled_X.bin`, images);
    Deno.writeFileSync(`${folder}/train_X.bin`, images);
    Deno.writeFileSync(`${folder}/train_y.bin`, file.subarray(0, 2));
    const { unlabelled, train } = await kinds.stl10.open({
      name: "stl10",
      path: folder,
    });
    for (const dataset of [unlabelled, train!]) await readAll(dataset);
  },
};

/** A `.tar.gz` of which the archive in it is broken: a broken `.gz` has another MD5. */
const tar: Target = {
  name: "tar",
  files: [
    await packTar([
      { header: { name: "folder/", type: "directory", size: 0 } },
      { header: { name: "folder/a.bin", size: 5 }, body: "12345" },
      {
        header: { name: `${"long/".repeat(40)}b.bin`, size: 600 },
        body: "x".repeat(600),
      },
    ]),
  ],
  mutate: mutateBytes,
  async read(file, folder) {
    const archive = Uint8Array.from(gzipSync(file));
    const url = URL.createObjectURL(new Blob([archive]));
    const md5 = createHash("md5").update(archive).digest("hex");
    try {
      await downloadArchive({ url, md5 }, `${folder}/data`, "it", () => {});
    } finally {
      URL.revokeObjectURL(url);
    }
    const outside = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assertEquals(outside, ["data"]);
  },
};

const FORMATS = [
  "AVIF",
  "BMP",
  "GIF",
  "JPEG",
  "JP2",
  "JXL",
  "PNG",
  "TIFF",
  "WEBP",
] as const;

/** Pictures through the decoder; one that is refused must leave it able to read the next. */
function pictures(): Target {
  let decoder: ImageDecoder | undefined;
  return {
    name: "pictures",
    files: FORMATS.map((format) =>
      imageFile(format, 24, 20, (x, y) => [9 * x, 11 * y, x * y])
    ),
    mutate: mutateBytes,
    async read(file) {
      decoder ??= new ImageDecoder(16);
      await decoder.decode([file], (_, reply) => {
        if ("error" in reply) throw new UserError(reply.error);
        assertEquals(reply.pixels.length, 3 * 16 ** 2);
      });
    },
    close() {
      decoder?.close();
      decoder = undefined;
    },
  };
}

const CACHE = {
  imageSize: 8,
  files: [["a.png", 1, 1.5], ["b.png", 2, 2.5]],
} as const;

const imageCache: Target = {
  name: "image-cache",
  files: [
    Uint8Array.of(...encodeHeader(CACHE), ...new Uint8Array(2 * (4 + 192))),
  ],
  mutate: mutateBytes,
  async read(file, folder) {
    // an empty one says what it is called
    const made = await ImageCache.open(folder, folder, CACHE);
    made.close();
    Deno.writeFileSync(made.path, file);
    const cache = await ImageCache.open(folder, folder, CACHE);
    try {
      for (const i of [0, 1]) if (cache.has(i)) await cache.read([i]);
    } finally {
      cache.close();
    }
  },
};

/** What reads data sets. */
export function dataTargets(): Target[] {
  return [cifar10, stl10, tar, pictures(), imageCache];
}
