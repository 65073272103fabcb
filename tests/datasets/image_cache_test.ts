import { assert, assertEquals, assertRejects } from "@std/assert";
import { CacheError, ImageCache } from "../../datasets/image_cache.ts";
import type { FileStamp } from "../../datasets/file_stamps.ts";
import { listFolder } from "../../datasets/files/folders.ts";
import { UserError } from "../../engine/user_error.ts";
import { Killed, withRoomFor } from "./files/failing_disk.ts";
import { seenByTimers } from "./seen_by_timers.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { withoutLocks } from "./without_locks.ts";
import { randomBytes, testWithSeed } from "../random.ts";

const IMAGE_SIZE = 8;
const IMAGE_BYTES = 3 * IMAGE_SIZE ** 2;
const FILES: readonly FileStamp[] = Array.from(
  { length: 5 },
  (_, i) => [`${i}.png`, 100 + i, 1e12 + i / 4],
);

function open(folder: TemporaryFolder, files = FILES): Promise<ImageCache> {
  return ImageCache.open(`${folder.path}/caches`, folder.path, {
    imageSize: IMAGE_SIZE,
    files,
  });
}

/** Fills a cache with random images and closes it. */
async function fill(folder: TemporaryFolder) {
  using closing = new DisposableStack();
  const cache = await open(folder);
  closing.defer(() => cache.close());
  const images = FILES.map(() => randomBytes(IMAGE_BYTES));
  await Promise.all(images.map((image, i) => cache.write(i, image)));
  return { path: cache.path, images };
}

/** The images that are there, by their positions. */
async function contents(cache: ImageCache) {
  const there = [...Array(cache.size).keys()].filter((i) => cache.has(i));
  const images: Record<number, Uint8Array> = {};
  for (const i of there) images[i] = await cache.read([i]);
  return images;
}

testWithSeed(
  "ImageCache: gives what was written, also to reads that overlap, and is named by its folder",
  async () => {
    using folder = new TemporaryFolder();
    const { path, images } = await fill(folder);
    const cache = await open(folder);
    assertEquals(await contents(cache), { ...images });
    const pairs = await Promise.all([[4, 1], [0, 4]].map((i) => cache.read(i)));
    assertEquals(pairs[0], Uint8Array.of(...images[4], ...images[1]));
    assertEquals(pairs[1], Uint8Array.of(...images[0], ...images[4]));
    cache.close();
    cache.close();
    const name = folder.path.split("/").at(-1)!;
    assert(path.startsWith(`${folder.path}/caches/${name}-8-`), path);
  },
);

testWithSeed(
  "ImageCache: keeps images of files that are as they were, wherever they are in the list now",
  async () => {
    using folder = new TemporaryFolder();
    const { images } = await fill(folder);
    const [, b, [name, size, changed], d, e] = FILES;
    const files: FileStamp[] = [
      e,
      ["new.png", 1, 1],
      d,
      [name, size + 1, changed],
      ["1.png", b[1], b[2] + 1],
    ];
    const cache = await open(folder, files);
    assertEquals(await contents(cache), { 0: images[4], 2: images[3] });
    cache.close();
    const [{ name: file }, ...others] = [
      ...Deno.readDirSync(`${folder.path}/caches`),
    ];
    assertEquals([file.endsWith(".images"), others], [true, []]);
  },
);

testWithSeed(
  "ImageCache: one whose making was broken off has the images so far",
  async () => {
    using folder = new TemporaryFolder();
    const first = await open(folder);
    const image = randomBytes(IMAGE_BYTES);
    await first.write(3, image);
    first.close();
    const second = await open(folder);
    assertEquals(await contents(second), { 3: image });
    second.close();
  },
);

testWithSeed(
  "ImageCache: an image of whose checksum only a part was written is not there, and can be written again",
  async () => {
    using folder = new TemporaryFolder();
    const { path, images } = await fill(folder);
    const whole = Deno.readFileSync(path);
    const tableBytes = 8 * FILES.length;
    const table = whole.length - FILES.length * IMAGE_BYTES - tableBytes;
    for (const written of [0, 2, 4, 5]) {
      // the entry of the fourth image
      const [from, to] = [table + 3 * 8 + written, table + 4 * 8];
      Deno.writeFileSync(path, Uint8Array.from(whole).fill(0, from, to));
      const cache = await open(folder);
      assertEquals(Object.keys(await contents(cache)), ["0", "1", "2", "4"]);
      await cache.write(3, images[3]);
      cache.close();
      assertEquals(Deno.readFileSync(path), whole);
    }
  },
);

testWithSeed(
  "ImageCache: of an image the checksum is written last, so that a kill before it leaves none",
  async () => {
    using folder = new TemporaryFolder();
    const cache = await open(folder);
    const { writeSync } = Deno.FsFile.prototype;
    Deno.FsFile.prototype.writeSync = function (bytes) {
      Deno.FsFile.prototype.writeSync = () => {
        throw new Killed();
      };
      return writeSync.call(this, bytes);
    };
    try {
      await assertRejects(
        () => cache.write(3, randomBytes(IMAGE_BYTES)),
        Killed,
      );
    } finally {
      Deno.FsFile.prototype.writeSync = writeSync;
    }
    cache.close();
    const again = await open(folder);
    assertEquals(await contents(again), {});
    again.close();
  },
);

testWithSeed(
  "ImageCache: a changed byte is never used as if it were right",
  async () => {
    using folder = new TemporaryFolder();
    const { path, images } = await fill(folder);
    const whole = Deno.readFileSync(path);
    const message = `${path} has been damaged; delete it and start again`;
    let refused = 0;
    for (let i = 0; i < whole.length; i += 17) {
      const damaged = whole.slice();
      damaged[i] ^= 1 + i % 255;
      Deno.writeFileSync(path, damaged);
      const cache = await open(folder);
      try {
        for (const [i, image] of Object.entries(await contents(cache))) {
          assertEquals(image, images[Number(i)]);
        }
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        assertEquals(error.message, message);
        refused++;
      }
      cache.close();
    }
    assert(refused > 5 * Math.floor(IMAGE_BYTES / 17), String(refused));
    const others = [0, 10, 100, whole.length - 1]
      .map((length) => whole.subarray(0, length));
    // the checksum of a header of no bytes is right
    others.push(whole.slice().fill(0, 16, 24));
    for (const other of others) {
      Deno.writeFileSync(path, other);
      const cache = await open(folder);
      assertEquals(await contents(cache), {});
      cache.close();
    }
  },
);

testWithSeed(
  "ImageCache: a damaged image is not taken over when files have changed",
  async () => {
    using folder = new TemporaryFolder();
    const { path, images } = await fill(folder);
    const damaged = Deno.readFileSync(path);
    damaged[damaged.length - 1] ^= 1;
    Deno.writeFileSync(path, damaged);
    const cache = await open(folder, FILES.slice(1));
    const [, b, c, d] = images;
    assertEquals(await contents(cache), { 0: b, 1: c, 2: d });
    cache.close();
  },
);

Deno.test("ImageCache: lets timers and signals through while images are taken over", async () => {
  using folder = new TemporaryFolder();
  const files = Array.from(
    { length: 300 },
    (_, i): FileStamp => [`${i}.png`, 1, 1],
  );
  const cache = await open(folder, files);
  for (const i of files.keys()) {
    await cache.write(i, new Uint8Array(IMAGE_BYTES));
  }
  cache.close();
  const { writeSync } = Deno.FsFile.prototype;
  let written = 0;
  Deno.FsFile.prototype.writeSync = function (bytes) {
    written += bytes.length;
    return writeSync.call(this, bytes);
  };
  try {
    const seen = await seenByTimers(
      async () => (await open(folder, files.slice(1))).close(),
      () => written,
    );
    assert(seen.some((bytes) => bytes > 0 && bytes < written), `${seen}`);
  } finally {
    Deno.FsFile.prototype.writeSync = writeSync;
  }
});

Deno.test("ImageCache: tells how many files were looked up where some have changed", async () => {
  using folder = new TemporaryFolder();
  const files = Array.from(
    { length: 250 },
    (_, i): FileStamp => [`${i}.png`, 1, 1],
  );
  const told: number[][] = [];
  const openWith = async (files: readonly FileStamp[]) => {
    const header = { imageSize: IMAGE_SIZE, files };
    const caches = `${folder.path}/caches`;
    const cache = await ImageCache.open(
      ...[caches, folder.path, header] as const,
      (...numbers) => told.push(numbers),
    );
    cache.close();
  };
  await openWith(files);
  await openWith(files);
  assertEquals(told, []);
  await openWith(files.slice(1));
  assertEquals(told, [0, 100, 200, 249].map((done) => [done, 249]));
});

Deno.test("ImageCache: one that is replaced by another is closed", {
  sanitizeResources: true,
}, async () => {
  using folder = new TemporaryFolder();
  const { path } = await fill(folder);
  (await open(folder, FILES.slice(1))).close();
  Deno.truncateSync(path, 100);
  (await open(folder)).close();
});

Deno.test("ImageCache: of one folder there is a cache for each size, and folders of one name do not share", async () => {
  using folder = new TemporaryFolder();
  const paths = new Set<string>();
  const long = "x".repeat(250);
  for (const source of ["a/pictures", "b/pictures", long]) {
    Deno.mkdirSync(`${folder.path}/${source}`, { recursive: true });
    for (const imageSize of [8, 16]) {
      const cache = await ImageCache.open(
        `${folder.path}/caches`,
        `${folder.path}/${source}`,
        { imageSize, files: FILES },
      );
      paths.add(cache.path);
      cache.close();
    }
  }
  assertEquals(paths.size, 6);
});

Deno.test("ImageCache: a place that cannot be written to is an error of its own kind", async () => {
  using folder = new TemporaryFolder();
  folder.write("caches", "a file");
  await assertRejects(() => open(folder), CacheError, "cannot ");
});

Deno.test("ImageCache: leaves nothing where the disk is full", async () => {
  using folder = new TemporaryFolder();
  await withRoomFor(10, async () => {
    await assertRejects(() => open(folder), CacheError, "the disk is full");
  });
  assertEquals(await listFolder(`${folder.path}/caches`), []);
});

testWithSeed(
  "ImageCache: while one is made it is locked, so that other programs let it be",
  async () => {
    using folder = new TemporaryFolder();
    const { path } = await fill(folder);
    const free: boolean[] = [];
    const cache = await ImageCache.open(
      `${folder.path}/caches`,
      folder.path,
      { imageSize: IMAGE_SIZE, files: FILES.slice(1) },
      () => {
        const unfinished = `${path}.${Deno.pid}.unfinished`;
        using file = Deno.openSync(unfinished, { write: true });
        free.push(file.tryLockSync(true));
      },
    );
    cache.close();
    assertEquals(free, [false, false]);
  },
);

Deno.test("ImageCache: making one removes what a program that was killed left of it, not what another is making", async () => {
  using folder = new TemporaryFolder();
  const { path } = await fill(folder);
  Deno.removeSync(path);
  const [left, making] = [`${path}.1.unfinished`, `${path}.2.unfinished`];
  Deno.writeFileSync(left, randomBytes(3));
  using file = Deno.createSync(making);
  file.lockSync(true);
  (await open(folder)).close();
  const names = [...Deno.readDirSync(`${folder.path}/caches`)]
    .map(({ name }) => `${folder.path}/caches/${name}`);
  assertEquals(names.sort(), [path, making]);
});

Deno.test("ImageCache: making one minds no file that another program finished meanwhile", async () => {
  using folder = new TemporaryFolder();
  const { path } = await fill(folder);
  Deno.removeSync(path);
  // is listed, and not there when it is opened
  Deno.symlinkSync("nowhere", `${path}.1.unfinished`);
  (await open(folder)).close();
  assert(Deno.statSync(path).isFile);
});

testWithSeed(
  "ImageCache: goes on where the file system has no locks, and leaves what another program may be making",
  async () => {
    using folder = new TemporaryFolder();
    using _ = withoutLocks();
    const { path, images } = await fill(folder);
    const making = `${path}.1.unfinished`;
    Deno.renameSync(path, making);
    await fill(folder);
    assert(Deno.statSync(making).isFile);
    const cache = await open(folder);
    assertEquals(Object.keys(await contents(cache)).length, images.length);
    cache.close();
  },
);
