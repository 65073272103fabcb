import { assertEquals, assertStringIncludes } from "@std/assert";
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
