import { crc32, deflateSync } from "node:zlib";
import { ColorSpace, MagickImage } from "@imagemagick/magick-wasm";
import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { ImageDecoder } from "../../datasets/image_decoder.ts";
import { UserError } from "../../engine/user_error.ts";
import { imageFile } from "./image_file.ts";
import { TemporaryFolder } from "./temporary_folder.ts";

/** A part of a PNG. */
function chunk(type: string, ...data: number[]): number[] {
  const body = [...new TextEncoder().encode(type), ...data];
  return [
    ...word(data.length),
    ...body,
    ...word(crc32(Uint8Array.from(body))),
  ];
}

/** The PNG with one more chunk, behind its first. */
function withChunk(png: Uint8Array, type: string, ...data: number[]) {
  const end = 8 + 25;
  return Uint8Array.of(
    ...png.subarray(0, end),
    ...chunk(type, ...data),
    ...png.subarray(end),
  );
}

/** A PNG that claims a size and has one pixel. */
function hollowPng(width: number, height: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk("IHDR", ...word(width), ...word(height), 1, 0, 0, 0, 0),
    ...chunk("IDAT", ...deflateSync(new Uint8Array(2))),
    ...chunk("IEND"),
  );
}

function word(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => value >>> shift & 255);
}

/** A GIF of two frames: a grey pixel, and one that claims 65,535 pixels each way. */
function swellingGif(): Uint8Array<ArrayBuffer> {
  const pixel = [2, 2, 0x44, 1, 0];
  const frame = (...size: number[]) => [0x2c, 0, 0, 0, 0, ...size, 0, ...pixel];
  return Uint8Array.of(
    ...new TextEncoder().encode("GIF89a"),
    ...[1, 0, 1, 0, 0x80, 0, 0, 9, 9, 9, 9, 9, 9],
    ...frame(1, 0, 1, 0),
    ...frame(255, 255, 255, 255),
    0x3b,
  );
}

/** Decodes a file to 8x8, all of whose pixels are expected to be alike, and gives their colour. */
async function colorOf(file: Uint8Array): Promise<number[]> {
  using decoder = new ImageDecoder(8);
  const pixels: Uint8Array[] = [];
  await decoder.decode([file], (_, reply) => {
    if ("error" in reply) throw new Error(reply.error);
    pixels.push(reply.pixels);
  });
  const planes = [0, 1, 2].map((i) => pixels[0].subarray(64 * i, 64 * (i + 1)));
  for (const plane of planes) assertEquals(new Set(plane).size, 1);
  return planes.map(([value]) => value);
}

/** An AVIF in which the name of a box ends in a control character. */
function unnamedAvif(): Uint8Array {
  const file = imageFile("AVIF", 24, 20, () => [9, 9, 9]);
  const name = new TextDecoder("latin1").decode(file).indexOf("auxC");
  file[name + 3] = 0x16;
  return file;
}

Deno.test("ImageDecoder: says in a line why a file cannot be decoded, and decodes the next", async () => {
  using folder = new TemporaryFolder();
  using decoder = new ImageDecoder(8);
  const grey = () => [9, 9, 9] as const;
  const file = Deno.openSync(`${folder.path}/vast.png`, {
    write: true,
    create: true,
  });
  // takes no room on the disk
  file.truncateSync(2 ** 29 + 1);
  file.close();
  const jp2 = imageFile("JP2", 16, 16, grey);
  const expected: [file: string | Uint8Array, reason: string | number][] = [
    [new Uint8Array(), "it is empty"],
    [
      new TextEncoder().encode("no image"),
      "its format is unknown",
    ],
    [hollowPng(20_000, 20_000), "it has more than 134 megapixels"],
    [
      jp2.subarray(0, 60),
      "Invalid box size 79 for box 'jp2h'. Need 71 bytes, 20 bytes remaining",
    ],
    [
      unnamedAvif(),
      "Unsupported feature: Unsupported essential item property: could not parse item property 'aux ' (4.3007)",
    ],
    [folder.path, "it is not a regular file"],
    [`${folder.path}/vast.png`, "it is larger than 512 MiB"],
    [imageFile("PNG", 16, 16, grey), 3 * 8 ** 2],
  ];
  const answers: (string | number)[] = [];
  await decoder.decode(expected.map(([file]) => file), (i, reply) => {
    answers[i] = "error" in reply ? reply.error : reply.pixels.length;
  });
  assertEquals(answers, expected.map(([, answer]) => answer));
});

Deno.test("ImageDecoder: blames the permissions where a worker cannot start, not where it fails later", async () => {
  const { Worker } = globalThis;
  let answers = 0;
  /** Answers so many requests, then fails. */
  class Failing {
    #left = answers;
    onmessage?: (event: MessageEvent) => void;
    onerror?: (event: Event) => void;
    postMessage(): void {
      queueMicrotask(() =>
        this.#left-- > 0
          ? this.onmessage?.(new MessageEvent("message", { data: {} }))
          : this.onerror?.(new ErrorEvent("error", { message: "why" }))
      );
    }
    terminate(): void {}
  }
  Object.assign(globalThis, { Worker: Failing });
  try {
    for (const [before, message] of [[0, "cannot run"], [1, "failed: why"]]) {
      answers = Number(before);
      using decoder = new ImageDecoder(8);
      await assertRejects(
        () => decoder.decode(Array(99).fill("cat.png"), () => {}),
        UserError,
        `the image decoder ${message}`,
      );
    }
  } finally {
    Object.assign(globalThis, { Worker });
  }
});

Deno.test("ImageDecoder: refuses to decode once it is closed, rather than wait for ever", async () => {
  const decoder = new ImageDecoder(8);
  decoder.close();
  await assertRejects(
    () => decoder.decode([new Uint8Array()], () => {}),
    Error,
    "the image decoder was closed",
  );
});

Deno.test("ImageDecoder: a picture in the colours of print is turned into red, green and blue", async () => {
  const image = MagickImage.create();
  image.read(imageFile("PNG", 8, 8, () => [250, 120, 10]));
  image.colorSpace = ColorSpace.CMYK;
  const file = image.write("JPEG", (file) => file.slice());
  image.dispose();
  const [red, green, blue] = await colorOf(file);
  assertAlmostEquals(red, 250, 3);
  assertAlmostEquals(green, 120, 3);
  assertAlmostEquals(blue, 10, 3);
});

Deno.test("ImageDecoder: a picture that says where it lies on a page is cut to its own middle", async () => {
  const thirds = imageFile("PNG", 24, 8, (x) => [Math.floor(x / 8), 0, 0]);
  for (const [x, y] of [[0, 0], [5, 0], [100, 300]]) {
    const file = withChunk(thirds, "oFFs", ...word(x), ...word(y), 0);
    assertEquals(await colorOf(file), [1, 0, 0], `${x}, ${y}`);
  }
});

Deno.test("ImageDecoder: what is transparent is white, whatever background a file asks for", async () => {
  const clear = () => [10, 20, 30, 0] as const;
  const png = imageFile("PNG32", 8, 8, clear);
  const files = {
    png,
    withBackground: withChunk(png, "bKGD", 0, 200, 0, 0, 0, 0),

    gif: imageFile("GIF", 8, 8, clear),
  };
  for (const [name, file] of Object.entries(files)) {
    assertEquals(await colorOf(file), [255, 255, 255], name);
  }
});

Deno.test("ImageDecoder: of an animation only the first frame is looked at", async () => {
  assertEquals(await colorOf(swellingGif()), [9, 9, 9]);
});
