/**
 * Runs `deno`, with the arguments given, on SwiftShader: a Vulkan driver in software that shares no code
 * with Mesa's. It comes inside an npm package that carries Chromium (68 MB, which Deno keeps in its
 * cache).
 */
import { createTarDecoder } from "modern-tar";
import { createBrotliDecompress } from "node:zlib";
import { Readable, Writable } from "node:stream";

const PACKAGE = "@sparticuz/chromium";
const VERSION = "147.0.0";
const LOCK = "--lock=tests/swiftshader.lock";
const FILES = ["libvk_swiftshader.so", "vk_swiftshader_icd.json"];

/** Runs `deno` and returns what it prints; its errors go to the terminal. */
async function deno(...args: string[]): Promise<string> {
  const command = new Deno.Command("deno", { args, stderr: "inherit" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`deno ${args.join(" ")} failed`);
  return new TextDecoder().decode(stdout);
}

/** Downloads the package and unpacks the driver to `folder`. */
async function unpackDriver(folder: string): Promise<void> {
  await deno("cache", LOCK, `npm:${PACKAGE}@${VERSION}`);
  const { npmCache } = JSON.parse(await deno("info", "--json"));
  const archive = await Deno.open(
    `${npmCache}/registry.npmjs.org/${PACKAGE}/${VERSION}/bin/swiftshader.tar.br`,
  );
  const brotli = createBrotliDecompress();
  const entries = archive.readable
    .pipeThrough({
      readable: Readable.toWeb(brotli),
      writable: Writable.toWeb(brotli),
    })
    .pipeThrough(createTarDecoder());
  for await (const { header, body } of entries) {
    if (FILES.includes(header.name)) {
      await Deno.writeFile(`${folder}/${header.name}`, body);
    } else await body.cancel();
  }
}

const folder = await Deno.makeTempDir({ prefix: "swiftshader-" });
try {
  await unpackDriver(folder);
  const command = new Deno.Command("deno", {
    args: Deno.args,
    env: {
      DENO_WEBGPU_BACKEND: "vulkan",
      DV2_REQUIRE_DEVICES: "1",
      VK_DRIVER_FILES: `${folder}/vk_swiftshader_icd.json`,
    },
  });
  Deno.exitCode = (await command.spawn().status).code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
