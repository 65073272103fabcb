/** Does what docs/extending.md says, in a copy of the sources, and trains with the result. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
/** What the program consists of. */
const ROOMS = ["engine", "layers", "losses", "vocab", "datasets", "train"];
/** That, what gathers it, and what its import map names. */
const SOURCES = [
  ...ROOMS,
  "mod.ts",
  "deno.json",
  "deno.lock",
  "development.lock",
];
/** The lock file of the tasks that check and build. */
const LOCK = "--lock=development.lock";

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

/** Runs Deno in the copy; it must succeed. */
async function deno(folder: URL, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: folder,
    env: { NO_COLOR: "1", INIT_CWD: fileURLToPath(folder) },
  }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** An encoder that is no residual network, with nothing but what every encoder has. */
const ANOTHER_ENCODER = `
import { z } from "zod";
import { mean } from "../engine/ops/reduction.ts";
import type { Encoder, EncoderKind } from "./encoder.ts";

/** Its settings. */
export interface PooledOptions {
  /** Its name in the registry. */
  readonly name: "pooled";
}

/** The mean colour of an image, or of a patch. */
export const pooled: EncoderKind<PooledOptions> = {
  schema: z.strictObject({ name: z.literal("pooled") }),
  describe: () => "mean colour",
  create: (): Encoder => ({
    channels: [3],
    stages: 0,
    patchStages: 0,
    forwardStem: (images) => mean(images, { axes: [1, 2], keepAxes: true }),
    forwardStage: (_, x) => x,
    createOutput: () => ({ forward: (x) => x }),
  }),
};
`;

/** Exports that encoder in every format, and prints what comes of it. */
const EXPORTS = `
import { exportFormats } from "./train/export/formats.ts";
const description = {
  encoder: { name: "pooled" },
  model: { name: "moco", projection: 8, queue: 8, momentum: 0.9 },
  augmentation: { name: "translate" },
  imageSize: 16,
};
for (const { encode } of Object.values(exportFormats)) {
  try {
    encode({ description, tensors: {} });
    console.log("exported");
  } catch (error) {
    console.log(error.message);
  }
}
`;

Deno.test("docs/extending.md: its code passes the checks where it says, trains, resumes bit for bit, and any encoder fits", async () => {
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
    for (
      const { file, code } of [
        ...blocks,
        { file: "layers/pooled.ts", code: ANOTHER_ENCODER },
        {
          file: "train/models/encoders.ts",
          code: 'export { pooled } from "../../layers/pooled.ts";\n',
        },
      ]
    ) {
      const isLine = code.trimEnd().split("\n").length === 1;
      await Deno.writeTextFile(new URL(file, folder), code, {
        append: isLine,
        createNew: !isLine,
      });
    }
    await deno(folder, "check", LOCK, "mod.ts", ...ROOMS);
    assert(document.includes("\ndeno task build\ndeno task check\n"));
    const settings = new URL("docs/settings.md", folder);
    await Deno.mkdir(new URL(".", settings));
    await Deno.writeTextFile(settings, "");
    await deno(folder, "run", "-A", LOCK, "train/config/build_settings.ts");
    assertMatch(await Deno.readTextFile(settings), /`losses.infoNce.weight`/);

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
    const program = ["run", "-A", "--no-check", "train/cli/pretrain.ts"];
    const device = ["--device", "wasm"];
    await deno(folder, ...program, ...device, "--config", file, "--out", "run");

    const last = new URL("run/checkpoints/step-000004.safetensors", folder);
    const uninterrupted = await Deno.readFile(last);
    const names = new TextDecoder().decode(uninterrupted.subarray(0, 1 << 15));
    assert(names.includes('"momentum.averages.head.hidden"'));
    for (const suffix of ["safetensors", "json"]) {
      await Deno.remove(new URL(`step-000004.${suffix}`, last));
    }
    await deno(folder, ...program, ...device, "--resume", "run");
    assertEquals(await Deno.readFile(last), uninterrupted);

    await Deno.writeTextFile(new URL("exports.ts", folder), EXPORTS);
    const refusal =
      "timm's resnetv2 and ONNX files are residual networks, and this encoder is pooled; " +
      "export it with --to safetensors";
    assertEquals(
      await deno(folder, "run", "-A", "--no-check", "exports.ts"),
      ["exported", refusal, refusal, ""].join("\n"),
    );
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
