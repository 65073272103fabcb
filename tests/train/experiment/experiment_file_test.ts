import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { cellsOf } from "../../../train/experiment/cells.ts";
import { readExperiment } from "../../../train/experiment/experiment_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const examples = new URL("../../../examples/experiments/", import.meta.url);

Deno.test("readExperiment: completes a file with defaults", async () => {
  using folder = new TemporaryFolder();
  folder.write(
    "e.json",
    `{ // what is not said
      "title": "T", "question": "Q?", "rows": { "a": {} }, "probe": { "test": 9 }, }`,
  );
  assertEquals(await readExperiment(`${folder.path}/e.json`), {
    title: "T",
    question: "Q?",
    settings: {},
    rows: { a: { settings: {} } },
    axes: {},
    seeds: [0],
    probe: { train: Number.MAX_SAFE_INTEGER, test: 9 },
    finetune: {},
  });
});

Deno.test("readExperiment: takes one value of an axis and any seed of 32 bits", async () => {
  using folder = new TemporaryFolder();
  const read = (seeds: string) => {
    folder.write(
      "e.json",
      `{ "title": "T", "question": "Q?", "rows": {}, "axes": { "steps": [1] }, "seeds": [${seeds}] }`,
    );
    return readExperiment(`${folder.path}/e.json`);
  };
  const { axes, seeds } = await read("4294967295");
  assertEquals(axes, { steps: [1] });
  assertEquals(seeds, [2 ** 32 - 1]);
  await assertRejects(() => read("4294967296"), UserError, "seeds");
});

Deno.test("readExperiment: names what is wrong in a file, and where", async () => {
  using folder = new TemporaryFolder();
  const refusals: [string, RegExp][] = [
    ["[]", /e.json must hold an object/],
    ["{", /e.json is not JSON/],
    ['{ "title": "T", "rows": {} }', /e.json: question is missing/],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "seed": [1] }',
      /e.json: seed is not a setting; did you mean seeds\?/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "finetune": { "a": { "step": 1 } } }',
      /e.json: finetune.a.step is not a setting/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "seeds": [] }',
      /e.json: seeds/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "axes": { "steps": [] } }',
      /e.json: axes.steps/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "minutes": 0 }',
      /e.json: minutes must be/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {}, "probe": { "train": 1 } }',
      /e.json: probe.train must be/,
    ],
    [
      '{ "title": "T", "question": "Q?", "rows": {\n"a": {},\n"a": {} } }',
      /e.json has "a" a second time in the same object at line 3; rename or remove one of them$/,
    ],
  ];
  for (const [text, message] of refusals) {
    folder.write("e.json", text);
    const error = await assertRejects(
      () => readExperiment(`${folder.path}/e.json`),
      UserError,
    );
    assertMatch(error.message, message);
    assert(!error.message.includes("\n"), error.message);
  }
});

Deno.test("readExperiment: every example of the project can be run", async () => {
  let count = 0;
  for (const { name } of Deno.readDirSync(examples)) {
    const experiment = await readExperiment(
      decodeURIComponent(new URL(name, examples).pathname),
    );
    assert(cellsOf(experiment).length > 0, name);
    count++;
  }
  assert(count > 0);
});
