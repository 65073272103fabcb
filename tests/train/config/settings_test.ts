import { assertEquals } from "@std/assert";
import { z } from "zod";
import { pathSetting } from "../../../datasets/path_setting.ts";
import { oneOf } from "../../../train/config/one_of.ts";
import { settingsOf } from "../../../train/config/settings.ts";

const shapes = {
  circle: {
    schema: z.strictObject({ name: z.literal("circle"), radius: z.number() }),
  },
  picture: {
    schema: z.strictObject({ name: z.literal("picture"), path: pathSetting }),
  },
};

const schema = z.strictObject({
  count: z.int().min(1).max(9).default(2),
  share: z.number().min(0).lt(1),
  mode: z.enum(["fast", "slow", "off"]).default("slow"),
  bold: z.boolean().default(false),
  weights: pathSetting.optional(),
  pen: z.strictObject({ color: z.string().default("red") }).prefault({}),
  shape: oneOf<unknown>(shapes).prefault({ name: "circle", radius: 1 }),
  frame: z.strictObject({ width: z.number().positive() }).nullable()
    .default(null),
});

Deno.test("settingsOf: names each setting, what it can be, its default and what it takes", () => {
  const rows = settingsOf(schema).map((
    { path, within, values, isRequired, default: fallback },
  ) => [
    [...within, path].join(" "),
    values,
    isRequired ? "must be given" : fallback,
  ]);
  assertEquals(rows, [
    ["count", "whole number, at least 1, at most 9", "2"],
    ["share", "number, at least 0, below 1", "must be given"],
    ["mode", "`fast`, `slow` or `off`", '"slow"'],
    ["bold", "`true` or `false`", "false"],
    ["weights", "path", undefined],
    ["pen.color", "text", '"red"'],
    ["shape.name", "`circle` or `picture`", '"circle"'],
    ["shape.name=circle shape.radius", "number", "must be given"],
    ["shape.name=picture shape.path", "path", "must be given"],
    ["frame", "the settings below or `null`", "null"],
    ["frame.width", "number, above 0", "must be given"],
  ]);
});

Deno.test("settingsOf: knows which settings are paths", () => {
  const paths = settingsOf(schema).filter(({ isPath }) => isPath);
  assertEquals(paths.map(({ path }) => path), ["weights", "shape.path"]);
});
