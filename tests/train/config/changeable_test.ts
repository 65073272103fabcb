import { assertEquals } from "@std/assert";
import {
  CHANGEABLE,
  firstFixedDifference,
} from "../../../train/config/changeable.ts";
import { configSchema } from "../../../train/config/config.ts";
import { childSchema } from "../../../train/config/schema.ts";
import { settingAt } from "../../../train/config/loader.ts";
import { mergeSettings } from "../../../train/config/merge.ts";
import { tinyConfig } from "../tiny_model.ts";

const config = tinyConfig({
  data: { name: "folder", path: "pictures" },
  initialWeights: "weights.safetensors",
});

/** The setting that keeps a run from going on, if a setting has another value. */
function fixed(path: string, value: unknown): string | undefined {
  const changed = mergeSettings(undefined, config, settingAt(path, value));
  return firstFixedDifference(config, changed)?.path;
}

Deno.test("CHANGEABLE: each is a setting of a run", () => {
  for (const path of Object.keys(CHANGEABLE)) {
    let [schema, value]: [unknown, unknown] = [configSchema, config];
    for (const key of path.split(".")) {
      schema = childSchema(schema as typeof configSchema, value, key);
      value = (value as Record<string, unknown>)[key];
    }
    assertEquals(schema === undefined, false, path);
  }
});

Deno.test("firstFixedDifference: leaves out what --set may change, and nothing else", () => {
  const free = {
    "data.path": "elsewhere",
    initialWeights: "elsewhere",
    metricsEvery: 7,
    "checkpoints.every": 7,
    "checkpoints.keep": 7,
    "evaluation.neighbours": 7,
  };
  for (const [path, value] of Object.entries(free)) {
    assertEquals(fixed(path, value), undefined, path);
  }
  const others = {
    steps: 7,
    seed: 8,
    "data.imageSize": 8,
    "encoder.width": 8,
    "optimizer.learningRate": 8,
    warmupSteps: 8,
    metrics: 8,
  };
  for (const [path, value] of Object.entries(others)) {
    assertEquals(fixed(path, value), path, path);
  }
});

Deno.test("firstFixedDifference: a setting may neither come nor go", () => {
  const { initialWeights: _, ...without } = config;
  assertEquals(firstFixedDifference(config, without)?.path, "initialWeights");
  assertEquals(firstFixedDifference(without, config)?.path, "initialWeights");
});
