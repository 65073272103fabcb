import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { UserError } from "../../../engine/user_error.ts";
import { loadConfig } from "../../../train/config/loader.ts";
import { oneOf } from "../../../train/config/one_of.ts";
import { problem } from "./example.ts";

Deno.test("describeProblems: names an unknown key with its path and the nearest key", async () => {
  assertEquals(
    await problem({ set: ["model.widht=8"] }),
    "model.widht is not a setting; did you mean model.width?",
  );
  assertEquals(
    await problem({ set: ["model.exchange.haeds=8"] }),
    "model.exchange.haeds is not a setting; did you mean model.exchange.heads?",
  );
  assertEquals(
    await problem({ set: ["model.colour=8"] }),
    "model.colour is not a setting; model has stem, width, stages, exchange",
  );
  assertEquals(
    await problem({ set: ["zzzzzzzz=8"] }),
    "zzzzzzzz is not a setting; the configuration has steps, rate, share, label, fast, model, data",
  );
});

Deno.test("describeProblems: a key does not move the terminal's cursor", async () => {
  assertEquals(
    await problem({ set: ["model.widt\th=8"] }),
    "model.widt\\x09h is not a setting; did you mean model.width?",
  );
});

Deno.test("describeProblems: compares an unknown key with those of the member of a union", async () => {
  assertEquals(
    await problem({ set: ["data.crop=8"] }),
    'data.crop is not a setting; data with name "cifar10" has name, folder, held, jitter',
  );
  assertEquals(
    await problem({ set: ["data.name=stl10", "data.crp=8"] }),
    "data.crp is not a setting; did you mean data.crop?",
  );
});

Deno.test("describeProblems: says what a wrong value is and what it must be", async () => {
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
    ["label=x", 'label must be text of at least 2 characters, not "x"'],
    ["share=1", "share must be less than 1, not 1"],
    ["fast=1", "fast must be true or false, not 1"],
    ["model=small", 'model must be an object, not "small"'],
    [
      "model.stages=[]",
      "model.stages must be a list of at least 1 entries, not []",
    ],
    ["model.stages=res2", 'model.stages must be a list, not "res2"'],
    [
      "model.stages.0=res3",
      'model.stages must be a list, not {"0":"res3"}',
    ],
    [
      'model.stages=["res2","rse3"]',
      'model.stages.1 must be "res2" or "res3", not "rse3"; did you mean "res3"?',
    ],
    ["model.exchange=7", "model.exchange must be an object, not 7"],
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
    ["steps=14", "steps must be lucky, not 14"],
  ];
  for (const [setting, expected] of cases) {
    assertEquals(await problem({ set: [setting] }), expected);
  }
});

Deno.test("describeProblems: names a setting that has no default and is not given", async () => {
  type Data = { name: "folder"; path: string } | {
    name: "noise";
    size: number;
  };
  const bare = z.strictObject({
    seed: z.int(),
    data: oneOf<Data>({
      folder: {
        schema: z.strictObject({ name: z.literal("folder"), path: z.string() }),
      },
      noise: {
        schema: z.strictObject({ name: z.literal("noise"), size: z.int() }),
      },
    }),
  });
  for (const settings of [[], ["data.size=3"]]) {
    const { message } = await assertRejects(
      () => loadConfig(bare, {}, { set: settings }),
      UserError,
    );
    assertEquals(
      message,
      "the configuration has 2 mistakes:\n" +
        "  seed is missing; it must be a number\n" +
        '  data.name is missing; it must be "folder" or "noise"',
    );
  }
});

Deno.test("describeProblems: names all mistakes, a line each", async () => {
  const lines = (await problem({
    set: ["steps=x", "model.widht=1", "model.heigth=2", "data.held=x"],
  })).split("\n");
  assertEquals(lines.length, 5);
  assertEquals(lines[0], "the configuration has 4 mistakes:");
  for (const name of ["steps", "model.widht", "model.heigth", "data.held"]) {
    assert(lines.slice(1).some((line) => line.startsWith(`  ${name} `)), name);
  }
});

Deno.test("describeProblems: keys that objects inherit are unknown settings", async () => {
  for (const key of ["__proto__", "constructor", "toString"]) {
    const message = await problem({ set: [`model.${key}=1`, `${key}.a=1`] });
    assert(message.includes(`  model.${key} is not a setting`), message);
    assert(message.includes(`\n  ${key} is not a setting`), message);
  }
});
