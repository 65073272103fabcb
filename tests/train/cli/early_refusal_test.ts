/** What is wrong is said before pictures are decoded, which can take hours. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { startPretrainingIn, testOnMpi } from "../distributed/mpi.ts";
import { type Output, outputOf, runCommand, runTask, TINY } from "./command.ts";

const WASM = ["--device", "wasm", "--threads", "1"];

/** The options of a tiny run, without its data. */
const WITHOUT_DATA = TINY.filter((text) => !/^data\./.test(text)).join(" ")
  .replaceAll(/--set (?=--set)/g, "").split(" ");
/** What is printed where the pictures are decoded. */
const DECODING = /^data: decoding 8 pictures \.\.\.$/m;

/** A folder with eight pictures of two classes, and the options of a tiny run on them. */
function withPictures(): { folder: TemporaryFolder; args: string[] } {
  const folder = new TemporaryFolder();
  for (let i = 0; i < 8; i++) {
    const shade = imageFile("PNG", 16, 16, () => [i, i, i]);
    folder.write(`pictures/${"ab"[i % 2]}/${i}.png`, shade);
  }
  const data = ["name=folder", `path=${folder.path}/pictures`, "imageSize=32"];
  const set = data.flatMap((setting) => ["--set", `data.${setting}`]);
  return { folder, args: [...WITHOUT_DATA, ...set, ...WASM] };
}

function assertRefusedEarly(
  { code, stdout, stderr }: Output,
  message: RegExp,
): void {
  assertEquals([code, stdout], [1, ""], stderr);
  assertMatch(stderr, message);
  assert(!DECODING.test(stderr), stderr);
}

Deno.test("pretrain, finetune: what does not need the pictures is refused before they are decoded", async () => {
  const { folder, args } = withPictures();
  using _ = folder;
  const { path } = folder;
  assertRefusedEarly(
    await runCommand(path, [...args, "--set", "initialWeights=w.bin"]),
    /^error: cannot read w.bin: there is no such file/m,
  );
  const { code, stderr } = await runCommand(path, [...args, "--out", "run"]);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, DECODING);

  Deno.removeSync(`${path}/data`, { recursive: true });
  assertRefusedEarly(
    await runTask("finetune", path, "run", "--input", "both", ...WASM),
    /^error: input is both, which takes a model with the double view/m,
  );
  const checkpoint = `${path}/run/checkpoints/step-000003.safetensors`;
  Deno.truncateSync(checkpoint, 100);
  const resume = ["--resume", "run", "--extend", "9", ...WASM];
  const config = Deno.readTextFileSync(`${path}/run/config.json`);
  assertRefusedEarly(
    await runCommand(path, resume),
    /^error: .*step-000003.safetensors is cut short/m,
  );
  Deno.removeSync(`${path}/run/checkpoints`, { recursive: true });
  assertRefusedEarly(
    await runCommand(path, resume),
    /^error: run has no checkpoint to resume from; start a new run$/m,
  );
  assertEquals(Deno.readTextFileSync(`${path}/run/config.json`), config);
  // as one that was killed before its first checkpoint
  Deno.removeSync(`${path}/run/metrics.jsonl`);
  const initialWeights = `${path}/w.bin`;
  folder.write(
    "run/config.json",
    JSON.stringify({ ...JSON.parse(config), initialWeights }),
  );
  assertRefusedEarly(
    await runCommand(path, ["--resume", "run", ...WASM]),
    /^error: cannot read \S+w.bin: there is no such file/m,
  );
});

testOnMpi(
  "pretrain:mpi: a model is checked before pictures are decoded, and they are decoded once",
  async (implementation) => {
    const { folder, args } = withPictures();
    using _ = folder;
    const { path } = folder;
    const pretrain = (...more: string[]) =>
      outputOf(
        startPretrainingIn(
          ...[path, implementation, 2, ...args] as const,
          ...["--set", "batchSize=4", ...more],
        ),
      );
    const wrong = await pretrain("--set", "model.masked=4");
    assert(wrong.code !== 0);
    assertMatch(wrong.stderr, /^rank 0: error: the config does not fit /m);
    assert(!DECODING.test(wrong.stderr), wrong.stderr);
    const first = await pretrain("--out", `${path}/first`);
    assertEquals(first.code, 0, first.stderr);
    assertMatch(first.stderr, DECODING);
    assertMatch(first.stderr, /^data: folder, .* in 2 classes \(a, b\)/m);
    assertMatch(first.stderr, /^compiling a step \.\.\.$/m);
    const second = await pretrain("--out", `${path}/second`);
    assertEquals(second.code, 0, second.stderr);
    assert(!DECODING.test(second.stderr), second.stderr);
  },
);
