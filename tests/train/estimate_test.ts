import { assert, assertEquals } from "@std/assert";
import { estimateStep, totalBytes } from "../../train/estimate.ts";
import { presets } from "../../train/config/presets/mod.ts";
import { loadConfig } from "../../train/config/loader.ts";
import { configSchema } from "../../train/config/config.ts";
import { devices } from "../engine/devices.ts";
import { startTiny, tinyConfig } from "./tiny_model.ts";

const [{ limits }] = devices;

Deno.test("estimateStep: the estimate is what the compiled step needs", async () => {
  const [wasm] = devices;
  const config = tinyConfig({
    data: { name: "folder", path: "none", imageSize: 16 },
  });
  const { built, step } = await startTiny(wasm, config);
  const { memory } = estimateStep(config, limits);
  assertEquals(memory.activations, step.plan.arenaBytes);
  const parameters = 4 * built.parameters.storage.size;
  assertEquals(memory.parameters, parameters);
  assertEquals(memory.optimizer, 2 * parameters);
  assertEquals(memory.vocabulary, 0);
  step.destroy();
});

Deno.test("estimateStep: a vocabulary takes its entries and masses, for patches and for images", () => {
  const config = tinyConfig({
    model: {
      ...tinyConfig().model,
      doubleView: true,
      vocabulary: { name: "dynamic", entries: 48 },
    },
    losses: {
      patchVocabulary: { weight: 1 },
      imageVocabulary: { weight: 1 },
    },
  });
  const { memory } = estimateStep(config, limits);
  assertEquals(memory.vocabulary, 2 * 4 * (48 * 8 + 48));
});

Deno.test("estimateStep: the work of a wider batch is more in proportion, its parameters are not", () => {
  const [small, large] = [8, 16].map((batchSize) =>
    estimateStep(tinyConfig({ batchSize }), limits)
  );
  assertEquals(large.memory.parameters, small.memory.parameters);
  // L_mp compares all with all
  const ratio = large.work.products / small.work.products;
  assert(ratio >= 2 && ratio < 2.2, `${ratio}`);
  assert(large.largest.bytes > small.largest.bytes);
});

Deno.test("estimateStep: says what a step would take that is too large for the device", () => {
  const config = tinyConfig();
  const small = { ...limits, maxBufferBytes: 4, maxBlockBytes: 4 };
  assertEquals(
    estimateStep(config, small).memory,
    estimateStep(config, limits).memory,
  );
});

for (const name of Object.keys(presets)) {
  Deno.test(`estimateStep: the preset ${name} fits together, and its step can be planned`, async () => {
    const config = await loadConfig(configSchema, presets, {
      preset: name,
      set: name.endsWith("-tiny") ? [] : [
        // the same graph, with fewer weights to draw
        "encoder.width=0.125",
        "model.transformer.heads=8",
      ],
    });
    const { memory, work } = estimateStep(config, limits);
    assert(totalBytes(memory) > 0 && work.products > 0);
    assertEquals(memory.vocabulary > 0, name.startsWith("dv2"));
  });
}
