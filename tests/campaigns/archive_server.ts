import { createHash } from "node:crypto";
import { packTar } from "modern-tar";
import { Draw } from "../fuzz/draw.ts";

/** Bytes that are sent at a time, so that a download takes a while. */
const CHUNK_BYTES = 64 * 1024;

/** A server of an archive with two files, which sends what is asked for of it. */
export class ArchiveServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(
    archive: Uint8Array<ArrayBuffer>,
    /** MD5 of the archive. */
    readonly md5: string = createHash("md5").update(archive).digest("hex"),
  ) {
    const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
    this.#server = Deno.serve(options, ({ headers }) => {
      const [, digits = "0"] = headers.get("range")?.match(/^bytes=(\d+)-/) ??
        [];
      const rest = archive.subarray(Number(digits));
      if (rest.length === 0) return new Response(null, { status: 416 });
      return new Response(inChunks(rest), {
        status: rest.length < archive.length ? 206 : 200,
        headers: { "content-length": String(rest.length) },
      });
    });
  }

  /** Packs the archive and starts. */
  static async start(): Promise<ArchiveServer> {
    const draw = new Draw(0, 0);
    const tar = await packTar([
      { header: { name: "images/", type: "directory", size: 0 } },
      ...[400_000, 100].map((size, i) => ({
        header: { name: `images/${i}.bin`, size },
        body: Uint8Array.from({ length: size }, () => draw.below(256)),
      })),
    ]);
    const zipped = new Response(tar).body!
      .pipeThrough(new CompressionStream("gzip"));
    return new ArchiveServer(
      new Uint8Array(await new Response(zipped).arrayBuffer()),
    );
  }

  /** Where the archive is. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/archive.tar.gz`;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function inChunks(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(bytes.subarray(sent, sent += CHUNK_BYTES));
      if (sent >= bytes.length) controller.close();
    },
  });
}
