import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { imageFile } from "../../datasets/image_file.ts";
import { openData } from "../../../train/cli/open_data.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const program = new URL("fixtures/open_pictures.ts", import.meta.url);
const config = new URL("../../../deno.json", import.meta.url);

/** What is printed about the folder `pictures` in a folder, line by line. */
function linesOf({ path }: TemporaryFolder): string[] {
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      `--config=${fileURLToPath(config)}`,
      "--allow-read",
      "--allow-write",
      fileURLToPath(program),
    ],
    cwd: path,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 0, text);
  return text.trimEnd().split("\n");
}

Deno.test("openData: pictures are decoded with progress the first time, and kept in data/cache", () => {
  using folder = new TemporaryFolder();
  for (let i = 0; i < 12; i++) {
    const shade = imageFile("PNG", 16, 16, () => [i, i, i]);
    folder.write(`pictures/${"ab"[i % 2]}/${i}.png`, shade);
  }
  const [held, decoding, progress, described, ...more] = linesOf(folder);
  assertEquals(held, "data: a fifth of each class is held out to test");
  assertEquals(decoding, "data: decoding 12 pictures ...");
  assertMatch(progress, /^12\/12 .*pictures\/s/);
  assertEquals(
    described,
    "data: folder, 10 images of 16x16 in 2 classes (a, b), 10 labelled ones and 2 (17 %) to test",
  );
  assertEquals(more, []);
  const [{ name }] = Deno.readDirSync(`${folder.path}/data/cache`);
  assertMatch(name, /^pictures-16-[0-9a-f]{8}\.images$/);
  assertEquals(linesOf(folder), [held, described]);
});

Deno.test("openData: rejects with the reason of a signal that was there before", async () => {
  const data = {
    name: "synthetic",
    trainSize: 4,
    testSize: 2,
    seed: 0,
  } as const;
  const signal = AbortSignal.abort("SIGINT");
  const reason = await openData(data, signal).catch((error) => error);
  assertEquals(reason, "SIGINT");
});
