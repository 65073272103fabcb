import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { UserError } from "../../../engine/user_error.ts";
import {
  type ConfigSources,
  loadConfig,
} from "../../../train/config/loader.ts";

const schema = z.strictObject({
  steps: z.int().min(1).max(100_000).default(1000),
  rate: z.number().positive().default(3e-4),
  label: z.string().default("none"),
  clip: z.number().positive().nullable().default(null),
  model: z.strictObject({
    stem: z.enum(["imagenet", "small"]).default("small"),
    width: z.int().default(64),
    stages: z.array(z.enum(["first", "second"])).min(1).default(["first"]),
  }).prefault({ width: 32 }),
  data: z.discriminatedUnion("name", [
    z.strictObject({
      name: z.literal("cifar10"),
      folder: z.string(),
      held: z.number().default(0.1),
      jitter: z.strictObject({
        hue: z.number().default(0.2),
        p: z.number().default(0.8),
      })
        .prefault({}),
    }),
    z.strictObject({
      name: z.literal("stl10"),
      folder: z.string().default("stl"),
      crop: z.int().default(64),
    }),
  ]).default({
    name: "cifar10",
    folder: "data",
    held: 0.1,
    jitter: { hue: 0.2, p: 0.8 },
  }),
}).refine((config) => config.steps !== 13, {
  error: "13 is unlucky",
  path: ["steps"],
});

const presets = {
  quick: {
    description: "A minute.",
    config: { steps: 10, model: { stem: "imagenet" } },
  },
  cifar: {
    description: "CIFAR-10.",
    config: { data: { name: "cifar10", held: 0.5 } },
  },
} as const;

const load = (sources: ConfigSources) => loadConfig(schema, presets, sources);
const set = (...settings: string[]) => load({ set: settings });

async function problem(sources: ConfigSources): Promise<string> {
  return (await assertRejects(() => load(sources), UserError)).message;
}

async function withFile(text: string, use: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ suffix: ".jsonc" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("loadConfig: without sources the defaults of the schema hold, at every level", async () => {
  const config = await load({});
  assertEquals(config.steps, 1000);
  assertEquals(config.model.stem, "small");
  assertEquals(config.model.width, 32);
  assertEquals(config.data.name, "cifar10");
});

Deno.test("loadConfig: a later source lies over an earlier one and leaves the rest", async () => {
  await withFile(
    `{ // a comment\n "rate": 0.5, "model": { "width": 128 }, "steps": 20, }`,
    async (config) => {
      const loaded = await load({
        preset: "quick",
        config,
        set: ["steps=30", "label=a=b"],
      });
      assertEquals(loaded.steps, 30);
      assertEquals(loaded.rate, 0.5);
      assertEquals(loaded.label, "a=b");
      assertEquals(loaded.model.stem, "imagenet");
      assertEquals(loaded.model.width, 128);
      assertEquals((await load({ preset: "quick", config })).steps, 20);
      assertEquals((await load({ preset: "quick" })).steps, 10);
    },
  );
});

Deno.test("loadConfig: a value given on the command line is JSON where it parses and text elsewhere", async () => {
  assertEquals((await set("label=plain text")).label, "plain text");
  assertEquals((await set('label="12"')).label, "12");
  assertEquals((await set("rate=1e-2")).rate, 0.01);
  assertEquals((await set("clip=0.5")).clip, 0.5);
  assertEquals((await set("clip=0.5", "clip=null")).clip, null);
  assertEquals((await set('model={"width":8}')).model, {
    ...(await load({})).model,
    width: 8,
  });
});

Deno.test("loadConfig: a list replaces a list", async () => {
  const { model } = await set('model.stages=["second"]');
  assertEquals(model.stages, ["second"]);
  assertEquals(
    await problem({ set: ["model.stages.0=second"] }),
    'model.stages must be a list, not {"0":"second"}',
  );
});

Deno.test("loadConfig: the same member of a union keeps its other settings, with nested defaults", async () => {
  const { data } = await load({ preset: "cifar", set: ["data.jitter.p=1"] });
  assertEquals(data, {
    name: "cifar10",
    folder: "data",
    held: 0.5,
    jitter: { hue: 0.2, p: 1 },
  });
});

Deno.test("loadConfig: another member of a union starts from its own defaults, in either order", async () => {
  const expected = { name: "stl10", folder: "stl", crop: 70 };
  for (
    const settings of [["data.name=stl10", "data.crop=70"], [
      "data.crop=70",
      "data.name=stl10",
    ]]
  ) {
    const { data } = await load({ preset: "cifar", set: settings });
    assertEquals<unknown>(data, expected);
  }
});

Deno.test("loadConfig: an unknown key is named with its path and the nearest key", async () => {
  assertEquals(
    await problem({ set: ["model.widht=8"] }),
    "model.widht is not a setting; did you mean model.width?",
  );
  assertEquals(
    await problem({ set: ["model.colour=8"] }),
    "model.colour is not a setting; model has stem, width, stages",
  );
  assertEquals(
    await problem({ set: ["zzzzzzzz=8"] }),
    "zzzzzzzz is not a setting; the configuration has steps, rate, label, clip, model, data",
  );
});

Deno.test("loadConfig: an unknown key of a union's member is compared with that member's keys", async () => {
  assertEquals(
    await problem({ set: ["data.crop=8"] }),
    'data.crop is not a setting; data with name "cifar10" has name, folder, held, jitter',
  );
  assertEquals(
    await problem({ set: ["data.name=stl10", "data.crp=8"] }),
    "data.crp is not a setting; did you mean data.crop?",
  );
});

Deno.test("loadConfig: a wrong value is named with what it is and what it must be", async () => {
  const cases: [string, string][] = [
    ["steps=1.5", "steps must be a whole number, not 1.5"],
    [
      'steps="10"',
      'steps must be a number, not "10"',
    ],
    ["steps=0", "steps must be at least 1, not 0"],
    ["steps=100001", "steps must be at most 100000, not 100001"],
    ["rate=0", "rate must be greater than 0, not 0"],
    ["label=12", "label must be text, not 12"],
    ["model=small", 'model must be an object, not "small"'],
    [
      "model.stages=[]",
      "model.stages must be a list of at least 1 entries, not []",
    ],
    [
      'model.stages=["first","secnd"]',
      'model.stages.1 must be "first" or "second", not "secnd"; did you mean "second"?',
    ],
    [
      "model.stem=smal",
      'model.stem must be "imagenet" or "small", not "smal"; did you mean "small"?',
    ],
    ["model.stem=3", 'model.stem must be "imagenet" or "small", not 3'],
    [
      "data.name=cifar",
      'data.name must be "cifar10" or "stl10", not "cifar"; did you mean "cifar10"?',
    ],
    ["data=7", "data must be an object, not 7"],
    ["steps=13", "steps: 13 is unlucky"],
  ];
  for (const [setting, expected] of cases) {
    assertEquals(await problem({ set: [setting] }), expected);
  }
});

Deno.test("loadConfig: a setting that has no default and is not given is named", async () => {
  const bare = z.strictObject({
    seed: z.int(),
    data: z.discriminatedUnion("name", [
      z.strictObject({ name: z.literal("folder"), path: z.string() }),
      z.strictObject({ name: z.literal("noise"), size: z.int() }),
    ]),
  });
  const error = await assertRejects(
    () => loadConfig(bare, {}, { set: ["data.size=3"] }),
    UserError,
  );
  assertEquals(
    error.message,
    "the configuration has 2 mistakes:\n" +
      "  seed is missing; it must be a number\n" +
      '  data.name is missing; it must be "folder" or "noise"',
  );
});

Deno.test("loadConfig: all mistakes are named, a line each", async () => {
  const lines = (await problem({
    set: ["steps=x", "model.widht=1", "model.heigth=2", "data.held=x"],
  })).split("\n");
  assertEquals(lines.length, 5);
  assertEquals(lines[0], "the configuration has 4 mistakes:");
  for (const name of ["steps", "model.widht", "model.heigth", "data.held"]) {
    assert(lines.slice(1).some((line) => line.startsWith(`  ${name} `)), name);
  }
});

Deno.test("loadConfig: an unknown preset is answered with the nearest and the list", async () => {
  assertEquals(
    await problem({ preset: "qiuck" }),
    'there is no preset "qiuck"; did you mean quick?; the presets are quick, cifar',
  );
  assertEquals(
    await problem({ preset: "constructor" }),
    'there is no preset "constructor"; the presets are quick, cifar',
  );
});

Deno.test("loadConfig: refuses a single setting that is not of the form path=value", async () => {
  for (const setting of ["steps", "=3", "model..width=8", ".=1"]) {
    assertEquals(
      await problem({ set: [setting] }),
      `--set ${setting} is not of the form path.to.key=value`,
    );
  }
});

Deno.test("loadConfig: keys that objects inherit are unknown settings", async () => {
  for (const key of ["__proto__", "constructor", "toString"]) {
    const message = await problem({ set: [`model.${key}=1`, `${key}.a=1`] });
    assert(message.includes(`  model.${key} is not a setting`), message);
    assert(message.includes(`\n  ${key} is not a setting`), message);
  }
});

Deno.test("loadConfig: a file that is not JSON is named with the place", async () => {
  await withFile(`{\n  "steps": 1\n  "rate": 2\n}`, async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} is not JSON: comma expected at line 3, column 3`,
    );
  });
  await withFile("[1]", async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} must hold an object of settings, { ... }`,
    );
  });
  await withFile("", async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} is not JSON: value expected at line 1, column 1`,
    );
  });
  assertEquals(
    await problem({ config: "no/such.json" }),
    "cannot read no/such.json: there is no such file or folder",
  );
});
