import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import type { DownloadProgress } from "../../datasets/dataset.ts";
import { discardArchive, downloadArchive } from "../../datasets/download.ts";
import { UserError } from "../../engine/user_error.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";
import { withoutLocks } from "./without_locks.ts";
import { randomBytes, testWithSeed } from "../random.ts";

const FILE = randomBytes(300_000);
const ARCHIVE = await makeArchive();
const MD5 = createHash("md5").update(ARCHIVE).digest("hex");

async function makeArchive(): Promise<Uint8Array<ArrayBuffer>> {
  const tar = await packTar([
    { header: { name: "official/", type: "directory", size: 0 } },
    { header: { name: "official/images.bin", size: FILE.length }, body: FILE },
    { header: { name: "official/readme.txt", size: 5 }, body: "hello" },
    {
      header: {
        name: "official/link.txt",
        type: "symlink",
        linkname: "readme.txt",
        size: 0,
      },
    },
  ]);
  const zipped = new Response(tar).body!.pipeThrough(
    new CompressionStream("gzip"),
  );
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/** Answers with what is asked for of the archive. */
function resuming(request: Request): Response {
  const start = Number(
    request.headers.get("range")?.match(/^bytes=(\d+)-$/)?.[1] ?? 0,
  );
  if (start >= ARCHIVE.length) return new Response(null, { status: 416 });
  return new Response(ARCHIVE.subarray(start), {
    status: start > 0 ? 206 : 200,
  });
}

/** Answers one request with the first bytes of the archive, then cuts the connection. */
async function answerPartly(
  listener: Deno.Listener,
  length: number,
): Promise<void> {
  using connection = await listener.accept();
  await connection.read(new Uint8Array(4096));
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${ARCHIVE.length}\r\n\r\n`;
  await new Response(new Blob([head, ARCHIVE.subarray(0, length)])).body!
    .pipeTo(connection.writable, { preventClose: true });
}

/** Downloads from a server into `folder/data`; what the server was asked is recorded. */
async function download(
  folder: TemporaryFolder,
  answer: (request: Request) => Response | Promise<Response>,
  md5 = MD5,
) {
  const ranges: (string | null)[] = [];
  const progress: DownloadProgress[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      ranges.push(request.headers.get("range"));
      return answer(request);
    },
  );
  try {
    const url = `http://127.0.0.1:${server.addr.port}/path/archive.tar.gz`;
    await downloadArchive(
      { url, md5 },
      folder.path,
      "data",
      (step) => progress.push(step),
    );
  } finally {
    await server.shutdown();
  }
  return { ranges, progress };
}

function filesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/** Waits until there is a line. */
async function untilOneOf(lines: readonly string[]): Promise<void> {
  while (lines.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function assertComplete(folder: TemporaryFolder) {
  assertEquals(filesIn(folder.path), ["data"]);
  assertEquals(filesIn(`${folder.path}/data`), ["images.bin", "readme.txt"]);
  const unpacked = Deno.readFileSync(`${folder.path}/data/images.bin`);
  assertEquals(unpacked.length, FILE.length);
  assertEquals(unpacked.findIndex((byte, i) => byte !== FILE[i]), -1);
  assertEquals(
    Deno.readTextFileSync(`${folder.path}/data/readme.txt`),
    "hello",
  );
}

testWithSeed(
  "downloadArchive: an archive is fetched, checked and unpacked, and its progress reported",
  async () => {
    using folder = new TemporaryFolder();
    // as at the first start
    Deno.removeSync(folder.path);
    const encodings: (string | null)[] = [];
    const { ranges, progress } = await download(folder, (request) => {
      encodings.push(request.headers.get("accept-encoding"));
      return resuming(request);
    });
    assertComplete(folder);
    assertEquals(ranges, [null]);
    // what a server compresses once more has another length and another MD5
    assertEquals(encodings, ["identity"]);
    assertEquals([...new Set(progress.map(({ stage }) => stage))], [
      "downloading",
      "checking",
      "unpacking",
    ]);
    for (const stage of ["downloading", "checking", "unpacking"]) {
      assertEquals(progress.findLast((step) => step.stage === stage), {
        stage,
        done: ARCHIVE.length,
        total: ARCHIVE.length,
      } as DownloadProgress);
    }
  },
);

testWithSeed("downloadArchive: a partial archive is continued", async () => {
  using folder = new TemporaryFolder();
  folder.write("archive.tar.gz.part", ARCHIVE.subarray(0, 1234));
  const { ranges, progress } = await download(folder, resuming);
  assertComplete(folder);
  assertEquals(ranges, ["bytes=1234-"]);
  assertEquals(progress.findLast(({ stage }) => stage === "downloading"), {
    stage: "downloading",
    done: ARCHIVE.length,
    total: ARCHIVE.length,
  });
});

testWithSeed(
  "downloadArchive: a partial archive is replaced when the server cannot continue",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("archive.tar.gz.part", randomBytes(ARCHIVE.length + 10));
    await download(folder, () => new Response(ARCHIVE));
    assertComplete(folder);
  },
);

testWithSeed(
  "downloadArchive: an archive that is all there is unpacked without fetching it again",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("archive.tar.gz.part", ARCHIVE);
    folder.write("data.part/images.bin", "left by an interrupted call");
    const { ranges } = await download(folder, resuming);
    assertComplete(folder);
    assertEquals(ranges, [`bytes=${ARCHIVE.length}-`]);
  },
);

testWithSeed(
  "downloadArchive: a download that breaks off goes on from there at the next call",
  async () => {
    using folder = new TemporaryFolder();
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const url = `http://127.0.0.1:${listener.addr.port}/archive.tar.gz`;
    await Promise.all([
      answerPartly(listener, 5000),
      assertRejects(
        () => downloadArchive({ url, md5: MD5 }, folder.path, "data", () => {}),
        UserError,
        "run again",
      ),
    ]);
    assertEquals(filesIn(folder.path), ["archive.tar.gz.part"]);
    const { ranges } = await download(folder, resuming);
    assertComplete(folder);
    assertEquals(ranges, ["bytes=5000-"]);
  },
);

testWithSeed(
  "downloadArchive: while another process fetches the archive, says so and waits for what it unpacks",
  async () => {
    using folder = new TemporaryFolder();
    let second: ReturnType<typeof download> | undefined;
    const { result, lines } = await warningsOf((lines) =>
      download(folder, async (request) => {
        second = download(folder, resuming);
        await Promise.race([second, untilOneOf(lines)]);
        return resuming(request);
      })
    );
    assertEquals(result.ranges, [null]);
    assertEquals(await second, { ranges: [], progress: [] });
    assertComplete(folder);
    assertEquals(lines, [
      `data: another process is fetching ${folder.path}/archive.tar.gz.part; waiting for it`,
    ]);
  },
);

testWithSeed(
  "downloadArchive: where the process that it waited for has failed, fetches the archive itself",
  async () => {
    using folder = new TemporaryFolder();
    let second: ReturnType<typeof download> | undefined;
    const { lines } = await warningsOf((lines) =>
      assertRejects(
        () =>
          download(folder, async () => {
            second = download(folder, resuming);
            await Promise.race([second, untilOneOf(lines)]);
            return new Response(null, { status: 503 });
          }),
        UserError,
        "503",
      )
    );
    assertEquals((await second)?.ranges, [null]);
    assertComplete(folder);
    assertEquals(lines.length, 1);
  },
);

Deno.test("downloadArchive: is not refused where the file system has no locks", async () => {
  using folder = new TemporaryFolder();
  using _refused = withoutLocks();
  await download(folder, resuming);
  assertComplete(folder);
});

testWithSeed(
  "downloadArchive: an archive with the wrong MD5 is removed",
  async () => {
    using folder = new TemporaryFolder();
    const wrong = "0".repeat(32);
    const { message } = await assertRejects(
      () => download(folder, resuming, wrong),
      UserError,
      wrong,
    );
    assertEquals(message.includes(MD5), true);
    assertEquals(filesIn(folder.path), []);
  },
);

testWithSeed("downloadArchive: a server that refuses is quoted", async () => {
  using folder = new TemporaryFolder();
  const refusing = () =>
    new Response("no", { status: 404, statusText: "Not Found" });
  await assertRejects(
    () => download(folder, refusing),
    UserError,
    "404 Not Found",
  );
  assertEquals(filesIn(folder.path), []);
});

testWithSeed("downloadArchive: a server out of reach is named", async () => {
  using folder = new TemporaryFolder();
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const url = `http://127.0.0.1:${listener.addr.port}/archive.tar.gz`;
  listener.close();
  await assertRejects(
    () => downloadArchive({ url, md5: MD5 }, folder.path, "data", () => {}),
    UserError,
    url,
  );
});

testWithSeed(
  "downloadArchive: a folder in the way is reported before anything is fetched",
  async () => {
    using folder = new TemporaryFolder();
    folder.write("data/something", "");
    await assertRejects(
      () => download(folder, resuming),
      UserError,
      "data exists",
    );
    assertEquals(filesIn(folder.path), ["data"]);
  },
);

testWithSeed(
  "downloadArchive: an archive that has its MD5 and cannot be unpacked is named, and kept",
  async () => {
    using folder = new TemporaryFolder();
    // a header for more names than the decoder takes
    const tar = await packTar([{ header: { name: "a", size: 0 } }]);
    tar.set(new TextEncoder().encode("77777777777\0"), 124);
    tar.set(new TextEncoder().encode("x"), 156);
    tar.fill(32, 148, 156);
    const sum = tar.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
    const digits = `${sum.toString(8).padStart(6, "0")}\0 `;
    tar.set(new TextEncoder().encode(digits), 148);
    const archive = Uint8Array.from(gzipSync(tar));
    const md5 = createHash("md5").update(archive).digest("hex");
    await assertRejects(
      () => download(folder, () => new Response(archive), md5),
      UserError,
      `cannot unpack ${folder.path}/archive.tar.gz.part: Tar metadata entry exceeds maximum size; ` +
        `put the files that are in it into the folder ${folder.path}/data yourself`,
    );
    assertEquals(filesIn(folder.path), ["archive.tar.gz.part", "data.part"]);
  },
);

Deno.test({
  name: "downloadArchive: a network out of Deno's reach says what to allow",
  permissions: { net: false, read: true, write: true },
  async fn() {
    using folder = new TemporaryFolder();
    const archive = { url: "http://example.com/archive.tar.gz", md5: MD5 };
    await assertRejects(
      () => downloadArchive(archive, folder.path, "data", () => {}),
      UserError,
      "--allow-net=example.com",
    );
  },
});

Deno.test("discardArchive: removes an archive that was left beside what was unpacked of it, and nothing else", async () => {
  using folder = new TemporaryFolder();
  const archive = { url: "http://127.0.0.1/path/archive.tar.gz", md5: MD5 };
  await discardArchive(archive, folder.path);
  folder.write("archive.tar.gz.part", ARCHIVE);
  folder.write("data/images.bin", FILE);
  await discardArchive(archive, folder.path);
  assertEquals(filesIn(folder.path), ["data"]);
});
