import { assertEquals, assertStringIncludes } from "@std/assert";
import { loadConfig } from "../../../train/config/loader.ts";
import { completeConfig, configSchema } from "../../../train/config/config.ts";
import { settingsPage } from "../../../train/config/build_settings.ts";
import { presets } from "../../../train/config/presets/mod.ts";
import { finetuneSchema } from "../../../train/finetune/finetune_config.ts";

const path = new URL("../../../docs/settings.md", import.meta.url);

Deno.test("settingsPage: docs/settings.md is up to date; if not: deno task build", async () => {
  assertEquals(await Deno.readTextFile(path), settingsPage());
});

Deno.test("settingsPage: lists the settings of a fine-tuning, and what every preset sets", async () => {
  const page = await Deno.readTextFile(path);
  const [ofRuns, ofFinetuning, ofPresets] = page
    .split(/^## (?:Of a fine-tuning|Presets)$/m);
  assertStringIncludes(ofRuns, "- `batchSize` (");
  for (const key of Object.keys(finetuneSchema.shape)) {
    assertStringIncludes(ofFinetuning, `- \`${key}`);
  }
  for (const name of Object.keys(presets)) {
    assertStringIncludes(ofPresets, `- \`${name}\`, `);
  }
  assertStringIncludes(ofPresets, "`model.vocabulary.entries=1024`");
});

Deno.test("settingsPage: what it says that a preset sets makes the same config", async () => {
  const page = await Deno.readTextFile(path);
  const [, ofPresets] = page.split("## Presets");
  for (const [name, { config }] of Object.entries(presets)) {
    const [, line] = ofPresets.split(`- \`${name}\`, `);
    const [item] = line.split("\n- ");
    const set = Array.from(
      item.matchAll(/`([^`]+=[^`]*)`/g),
      ([, text]) => text,
    );
    assertEquals(
      await loadConfig(configSchema, presets, { set }),
      completeConfig(config),
      name,
    );
  }
});
