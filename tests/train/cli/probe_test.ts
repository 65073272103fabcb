/** The command `probe` from end to end, as a user runs it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { imageFile } from "../../datasets/image_file.ts";
import {
  changedPictures,
  FIVE_PICTURES,
  type Output,
  readJson,
  runCommand,
  runTask,
  TINY,
} from "./command.ts";

/** Pretrains the tiny model, without the table at the end. */
async function pretrain(folder: string, ...more: string[]): Promise<void> {
  const args = [
    ...TINY,
    ...["--device", "wasm", "--out", "run"],
    ...["--set", "evaluation.bank=1", "--set", "checkpoints.every=2"],
    ...more,
  ];
  const { code, stderr } = await runCommand(folder, args);
  assertEquals(code, 0, stderr);
}

function probe(folder: string, ...args: string[]): Promise<Output> {
  return runTask("probe", folder, ...args, "--device", "wasm");
}

Deno.test("probe: measures a run, prints a table and keeps what it knows", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  await pretrain(path);
  const { code, stdout, stderr } = await probe(path, "run");
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /^device: WebAssembly .*\(asked for\)$/m);
  assertMatch(
    stderr,
    /^computing features with the trained encoder, 2 images/m,
  );
  assertMatch(stderr, /^classifying with the untrained encoder, 5 layers/m);
  const lines = stdout.split("\n");
  assertMatch(
    lines[1],
    /^layer +width +untrained +trained +untrained +trained$/,
  );
  const result = await readJson(`${path}/run/probe.json`);
  const layers = Object.keys(result.trained);
  assertEquals(layers.length, 5);
  for (const [i, layer] of layers.entries()) {
    const linear = (100 * result.trained[layer].linear.accuracy).toFixed(1);
    assert(lines[2 + i].startsWith(`${layer} `), lines[2 + i]);
    assert(lines[2 + i].includes(` ${linear} ± `), lines[2 + i]);
  }
  assertMatch(stdout, /20 nearest|4 nearest of 4|1 nearest of 1 by cosine/);
  assertMatch(stdout, /^encoder after 3 steps: run\/probe.json$/m);
  assertEquals(lines.filter((line) => line.length > 80), []);

  const again = await probe(path, "run");
  assertEquals([again.code, again.stdout], [0, stdout]);
  assertMatch(
    again.stderr,
    /^device: .*\nreading 6 images \.\.\.\n6\/6 .*images\/s.*\n$/,
  );

  const earlier = await probe(path, "run", "--checkpoint", "2");
  assertEquals(earlier.code, 0, earlier.stderr);
  assertMatch(earlier.stdout, /after 2 steps: run\/probe-step-2.json$/m);
  // the untrained encoder's features are there
  assert(!earlier.stderr.includes("computing features with the untrained"));
  const { untrained } = await readJson(`${path}/run/probe-step-2.json`);
  assertEquals(untrained, result.untrained);
});

Deno.test("probe: refuses bad input in one sentence and writes nothing", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  await pretrain(path);
  Deno.mkdirSync(`${path}/full`);
  folder.write(
    "other/config.json",
    Deno.readTextFileSync(`${path}/run/config.json`),
  );
  folder.write(
    "wider/config.json",
    Deno.readTextFileSync(`${path}/run/config.json`)
      .replace('"width": 0.0625', '"width": 0.125'),
  );
  for (const { name } of Deno.readDirSync(`${path}/run/checkpoints`)) {
    folder.write(
      `wider/checkpoints/${name}`,
      Deno.readFileSync(`${path}/run/checkpoints/${name}`),
    );
  }
  const refusals: [string[], RegExp][] = [
    [[], /^deno task probe needs RUN: the folder of a run/],
    [
      ["nowhere"],
      /^nowhere is not the folder of a run: it has no config.json$/,
    ],
    [["full"], /^full is not the folder of a run: it has no config.json$/],
    [
      ["other"],
      /^other has no checkpoint of a step yet; resume the run until it has one$/,
    ],
    [
      ["wider"],
      /^wider\/config.json does not match the checkpoint of step 3: encoder.width is 0.125, but 0.0625 in/,
    ],
    [
      ["run", "--checkpoint", "7"],
      /^run has no checkpoint of step 7, but those of 0, 2, 3; choose another --checkpoint$/,
    ],
    [
      ["run", "--device", "gpu"],
      /^--device must be auto, webgpu, wasm, not "gpu"/,
    ],
  ];
  for (const [args, message] of refusals) {
    assertRefused(await runTask("probe", path, ...args), message);
  }
  assertEquals(
    [...Deno.readDirSync(`${path}/run`)].map(({ name }) => name).sort(),
    [
      ...["checkpoints", "config.json", "lock", "metrics.jsonl"],
      ...["report.html", "result.json"],
    ],
  );
  folder.write("run/probe.json", '{ "step": 3 }');
  assertRefused(
    await probe(path, "run"),
    /^run\/probe.json is damaged or was edited; put it back, or delete it/,
  );
});

Deno.test("probe: refuses a run on images without labels, or that are others now", async () => {
  using folder = new TemporaryFolder();
  for (let i = 0; i < 4; i++) {
    const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
    folder.write(`pictures/${i}.png`, picture);
  }
  const { path } = folder;
  const settings = TINY.map((text) =>
    text.replace("name=synthetic", "name=folder")
      .replace("trainSize=4", "path=pictures")
      .replace("testSize=2", "imageSize=32")
  );
  const { code, stderr } = await runCommand(path, [
    ...settings,
    ...["--device", "wasm", "--out", "run"],
  ]);
  assertEquals(code, 0, stderr);
  assertRefused(
    await probe(path, "run"),
    /^the images of run have no labels to measure by; probe a run on labelled ones$/,
  );
  folder.write(
    "single/config.json",
    Deno.readTextFileSync(`${path}/run/config.json`)
      .replace('"pictures"', '"classes"'),
  );
  for (const name of ["cats", "dogs"]) {
    const picture = imageFile("PNG", 32, 32, () => [0, 0, 0]);
    folder.write(`classes/${name}/only.png`, picture);
  }
  assertRefused(
    await probe(path, "single"),
    /^the images of single have labels, but there are none to test with; add some \(in a folder test\/ or a second picture of each class, .*\) and start a new run$/,
  );
  Deno.renameSync(`${path}/run`, `${path}/changed`);
  folder.write("changed/data.json", FIVE_PICTURES);
  assertRefused(await probe(path, "changed"), changedPictures(4));
});

/** One sentence on the error stream and code 1. */
function assertRefused(
  { code, stdout, stderr }: Output,
  message: RegExp,
): void {
  assertEquals([code, stdout], [1, ""], stderr);
  const errors = stderr.trimEnd().split("\n")
    .filter((line) => !/^(data|device): |^\d+\/\d+ /.test(line));
  assertEquals(errors.length, 1, stderr);
  assertMatch(errors[0].replace(/^error: /, ""), message);
}
