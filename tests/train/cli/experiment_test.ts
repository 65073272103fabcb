/** The command `experiment` from end to end, as a user runs it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { claim } from "../../../train/run/claim.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { tinyConfig } from "../tiny_model.ts";
import { type Output, runTask } from "./command.ts";

const { seed: _, ...settings } = tinyConfig({
  data: { name: "synthetic", trainSize: 20, testSize: 10 },
  steps: 2,
  warmupSteps: 1,
});
const file = JSON.stringify({
  title: "Learning rates",
  question: "Which is better?",
  settings,
  rows: {
    "as it is": {},
    "impossible": { settings: { model: { masked: 4 } } },
  },
  seeds: [1, 2],
});

function experiment(folder: string, ...args: string[]): Promise<Output> {
  return runTask("experiment", folder, ...args, "--device", "wasm");
}

Deno.test("experiment: runs what can be run, tabulates it, names what failed, and goes on", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  folder.write("files/rates.json", file);
  const first = await experiment(
    path,
    "files/rates.json",
    "--minutes",
    "0.0001",
  );
  assertEquals(first.code, 0, first.stderr);
  assertMatch(
    first.stdout,
    /^stopped with \d of 4 runs done; run the same command to continue$/m,
  );

  const { code, stdout, stderr } = await experiment(path, "files/rates.json");
  assertEquals(code, 1);
  assertEquals(stdout, "table: runs/rates/results.md\n");
  assertMatch(
    stderr,
    /^impossible, seed 2 will fail: the config does not fit together: [^]*^1 of 4: as it is, seed 1$/m,
  );
  assertMatch(
    stderr,
    /^error: 2 of 4 runs failed; the same command tries them again:\n {2}impossible, seed 1: the config does not fit together: model.masked 4/m,
  );
  const table = Deno.readTextFileSync(`${path}/runs/rates/results.md`);
  assertMatch(table, /^# Learning rates\n\nWhich is better\?\n/);
  assertMatch(table, /^\| as it is +\| \d+\.\d ± \d+\.\d \| \d+\.\d ± \d/m);
  assertMatch(table, /^- impossible, seed 2: the config does not fit/m);
  const csv = Deno.readTextFileSync(`${path}/runs/rates/results.csv`);
  // two measures of five layers of two encoders, two seeds
  assertEquals(csv.trimEnd().split("\r\n").length, 1 + 2 * 5 * 2 * 2);

  {
    // as another process does
    using _lock = await claim(`${path}/runs/rates/locks/as-it-is-seed-2`);
    const again = await experiment(path, "files/rates.json");
    assertMatch(again.stdout, /^another process is running as it is, seed 2;/m);
    assert(!again.stderr.includes("training for"), again.stderr);
  }
  // what is finished stays in it, though its turn has not come
  assertEquals(
    Deno.readTextFileSync(`${path}/runs/rates/results.md`),
    table,
  );
  assertEquals(Deno.readTextFileSync(`${path}/runs/rates/results.csv`), csv);
  const stopped = await experiment(
    path,
    "files/rates.json",
    "--minutes",
    "0.0001",
  );
  assertMatch(stopped.stdout, /^stopped with [2-4] of 4 runs done;/m);
});

Deno.test("experiment: the table says what to type to repeat it", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  const { rows: { impossible }, ...rest } = JSON.parse(file);
  folder.write(
    "my rates.json",
    JSON.stringify({ ...rest, rows: { impossible }, seeds: [1] }),
  );
  const commandOf = async (out: string, ...args: string[]) => {
    await experiment(path, "my rates.json", ...args);
    const table = Deno.readTextFileSync(`${path}/${out}/results.md`);
    return table.trimEnd().split("\n").at(-1)?.replaceAll(/["']/g, "'");
  };
  assertEquals(
    await commandOf("runs/my rates"),
    "    deno task experiment 'my rates.json'",
  );
  assertEquals(
    await commandOf("my runs", "--out", "my runs"),
    "    deno task experiment 'my rates.json' --out 'my runs'",
  );
});

Deno.test("experiment: refuses bad input in one sentence and writes nothing", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  folder.write("good.json", file);
  folder.write("bad.json", file.replace('"seeds"', '"seed"'));
  const refusals: [string[], RegExp][] = [
    [[], /^deno task experiment needs FILE: /],
    [["nowhere.json"], /^cannot read nowhere.json: /],
    [["bad.json"], /^bad.json: seed is not a setting; did you mean seeds\?$/],
    [
      ["good.json", "--minutes", "35792"],
      /^--minutes must be above 0 and at most 35791, not 35792$/,
    ],
    [["good.json", "--minute", "1"], /did you mean --minutes\?$/],
  ];
  for (const [args, message] of refusals) {
    const { code, stdout, stderr } = await experiment(path, ...args);
    assertEquals([code, stdout], [1, ""], stderr);
    const [error, ...more] = stderr.trimEnd().split("\n");
    assertEquals(more, [], stderr);
    assertMatch(error.replace(/^error: /, ""), message);
  }
  assertEquals(
    [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
    ["bad.json", "good.json"],
  );
});

Deno.test("experiment: pretrains nothing on images without the labels to measure by, and says so", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  folder.write("pictures/0.png", imageFile("PNG", 32, 32, () => [0, 0, 0]));
  const data = { name: "folder", path: "pictures", imageSize: 32 };
  folder.write(
    "unlabelled.json",
    JSON.stringify({ ...JSON.parse(file), settings: { ...settings, data } }),
  );
  const { code, stdout, stderr } = await experiment(path, "unlabelled.json");
  assertEquals(code, 1);
  assertMatch(
    stdout + stderr,
    /have no labels to measure by; set probe to null and leave out finetune/,
  );
  assert(!stderr.includes("training for"), stderr);
});

Deno.test("experiment: names a row at once whose loss its model gives nothing for", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "losses.json",
    JSON.stringify({
      ...JSON.parse(file),
      rows: {
        "another loss": { settings: { losses: { allp: { weight: 1 } } } },
        // of the same model
        "as it is": {},
      },
      seeds: [1],
    }),
  );
  const args = ["losses.json", "--minutes", "0.0001"];
  const { stderr } = await experiment(folder.path, ...args);
  assertMatch(
    stderr,
    /^another loss, seed 1 will fail: losses.allp has weight 1, but the model /m,
  );
});
