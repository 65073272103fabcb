import { assertEquals } from "@std/assert";
import { defaultsOf, mergeSettings } from "../../../train/config/merge.ts";
import { load, schema } from "./example.ts";

Deno.test("defaultsOf: all settings, those of a chosen member of a union too", () => {
  assertEquals(defaultsOf(schema), schema.parse({}));
  assertEquals(defaultsOf(schema.shape.model.unwrap()), {
    stem: "small",
    width: 64,
    stages: ["res2"],
    exchange: null,
  });
});

Deno.test("mergeSettings: merges objects, replaces lists and leaves out undefined", () => {
  const below = { a: { b: 1, c: [1, 2] }, d: 3 };
  const above = { a: { c: [4], b: undefined }, e: 5 };
  assertEquals(mergeSettings(undefined, below, above), {
    a: { b: 1, c: [4] },
    d: 3,
    e: 5,
  });
  assertEquals(below, { a: { b: 1, c: [1, 2] }, d: 3 });
});

Deno.test("mergeSettings: an object over null starts from the defaults", () => {
  const { model } = schema.shape;
  assertEquals(mergeSettings(model, { exchange: null }, { exchange: {} }), {
    exchange: { heads: 8 },
  });
});

Deno.test("mergeSettings: the same member of a union keeps its other settings, with nested defaults", async () => {
  const { data } = await load({ preset: "cifar", set: ["data.jitter.p=1"] });
  assertEquals(data, {
    name: "cifar10",
    folder: "data",
    held: 0.5,
    jitter: { hue: 0.2, p: 1 },
  });
});

Deno.test("mergeSettings: another member of a union starts from its own defaults, in either order", async () => {
  const decoder = { name: "fast", level: 1 };
  const expected = { name: "stl10", folder: "stl", crop: 70, decoder };
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

Deno.test("mergeSettings: a union within another member of a union changes its member too", async () => {
  const { data } = await load({
    preset: "cifar",
    set: ["data.name=stl10", "data.decoder.name=exact"],
  });
  assertEquals<unknown>(data, {
    name: "stl10",
    folder: "stl",
    crop: 64,
    decoder: { name: "exact", digits: 8 },
  });
});
