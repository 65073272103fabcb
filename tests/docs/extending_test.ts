/** Does what docs/extending.md says, in a copy of the sources, and trains with the result. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
/** What the program consists of, and what its import map names. */
const SOURCES = [
  "engine",
  "layers",
  "losses",
  "vocab",
  "datasets",
  "train",
  "deno.json",
  "deno.lock",
];

/** A block of code in the document. */
interface CodeBlock {
  /** The last file that the paragraph before the block names. */
  readonly file: string;
  readonly code: string;
}

function codeBlocks(document: string, language: string): CodeBlock[] {
  const pattern = new RegExp(
    `([^\\n]+(?:\\n[^\\n]+)*)\\n\\n\`\`\`${language}\\n(.*?)\`\`\``,
    "gs",
  );
  return Array.from(document.matchAll(pattern), ([, paragraph, code]) => {
    const file = [...paragraph.matchAll(/`([\w/]+\.\w+)`/g)].at(-1)?.[1];
    assert(file, `no file is named before:\n${code}`);
    return { file, code };
  });
}

async function copy(from: URL, to: URL): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from}/${name}`), new URL(`${to}/${name}`));
  }
}

/** Runs the program of the copy; it must succeed. */
async function pretrain(folder: URL, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: fileURLToPath(folder) },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

Deno.test("docs/extending.md: its code compiles where it says, trains, and resumes bit for bit", async () => {
  const document = await Deno.readTextFile(new URL("docs/extending.md", ROOT));
  const path = await Deno.makeTempDir();
  const folder = new URL(`file://${path}/`);
  try {
    for (const name of SOURCES) {
      await copy(new URL(name, ROOT), new URL(name, folder));
    }
    const blocks = codeBlocks(document, "ts");
    assertEquals(blocks.map(({ file }) => file), [
      "losses/info_nce.ts",
      "losses/kinds.ts",
      "layers/mlp_head.ts",
      "train/models/moco.ts",
      "train/models/kinds.ts",
    ]);
    for (const { file, code } of blocks) {
      const isLine = code.trimEnd().split("\n").length === 1;
      await Deno.writeTextFile(new URL(file, folder), code, {
        append: isLine,
        createNew: !isLine,
      });
    }
    const [{ file, code }] = codeBlocks(document, "json");
    const config = {
      ...JSON.parse(code),
      data: { name: "synthetic", trainSize: 24, testSize: 20 },
      steps: 4,
      warmupSteps: 1,
      encoder: { name: "resnet", depth: 18, width: 0.0625, stem: "small" },
      batchSize: 8,
      checkpoints: { every: 2 },
    };
    await Deno.writeTextFile(new URL(file, folder), JSON.stringify(config));
    const program = "train/cli/pretrain.ts";
    const options = ["--device", "wasm", "--config", file, "--out", "run"];
    await pretrain(folder, "--check", program, ...options);

    const last = new URL("run/checkpoints/step-000004.safetensors", folder);
    const uninterrupted = await Deno.readFile(last);
    const names = new TextDecoder().decode(uninterrupted.subarray(0, 1 << 15));
    assert(names.includes('"momentum.averages.head.hidden"'));
    for (const suffix of ["safetensors", "json"]) {
      await Deno.remove(new URL(`step-000004.${suffix}`, last));
    }
    await pretrain(folder, program, "--device", "wasm", "--resume", "run");
    assertEquals(await Deno.readFile(last), uninterrupted);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
