import { assertEquals } from "@std/assert";
import {
  type CacheHeader,
  encodeHeader,
  readHeader,
} from "../../datasets/image_cache_header.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

const HEADER: CacheHeader = {
  imageSize: 32,
  files: [["naïve.png", 12, 1700000000000.5], ["b/c.jpg", 0, 0]],
};

/** Reads what a file begins with. */
async function read(folder: TemporaryFolder, bytes: Uint8Array) {
  folder.write("cache", bytes);
  using file = await Deno.open(`${folder.path}/cache`);
  return await readHeader(file);
}

Deno.test("readHeader: gives what was encoded, and where the images begin", async () => {
  using folder = new TemporaryFolder();
  const encoded = encodeHeader(HEADER);
  assertEquals(await read(folder, Uint8Array.of(...encoded, 1, 2, 3)), {
    header: HEADER,
    byteLength: encoded.length,
  });
});

Deno.test("readHeader: a header that is cut off, or changed in any byte, is none", async () => {
  using folder = new TemporaryFolder();
  const encoded = encodeHeader(HEADER);
  assertEquals(await read(folder, encoded.subarray(0, -1)), undefined);
  assertEquals(await read(folder, encoded.subarray(0, 7)), undefined);
  for (let i = 0; i < encoded.length; i++) {
    const changed = encoded.with(i, encoded[i] ^ 1);
    assertEquals(await read(folder, changed), undefined, `byte ${i}`);
  }
});
