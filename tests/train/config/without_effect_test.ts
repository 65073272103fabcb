import { assertEquals } from "@std/assert";
import { completeConfig } from "../../../train/config/config.ts";
import { mergeSettings } from "../../../train/config/merge.ts";
import { presets } from "../../../train/config/presets/mod.ts";
import { settingsWithoutEffect } from "../../../train/config/without_effect.ts";

/** What is said of a preset with further settings. */
function saidOf(preset: keyof typeof presets, settings: object): string[] {
  const config = mergeSettings(undefined, presets[preset].config, settings);
  return settingsWithoutEffect(completeConfig(config as object));
}

Deno.test("settingsWithoutEffect: every setting of the presets has one", () => {
  for (const [name, { config }] of Object.entries(presets)) {
    assertEquals(settingsWithoutEffect(completeConfig(config)), [], name);
  }
});

Deno.test("settingsWithoutEffect: names those of the form that a loss does not have", () => {
  const printed = { image: { temperature: 0.1, positives: "inside" } };
  assertEquals(saidOf("dv2-tiny", { losses: printed }), [
    "losses.image.temperature=0.1 has no effect; it needs losses.image.form=infoNce",
    "losses.image.positives=inside has no effect; it needs losses.image.form=infoNce",
  ]);
  const infoNce = { maskedPatch: { normalizer: "pairs" } };
  assertEquals(saidOf("double-view-quick", { losses: infoNce }), [
    "losses.maskedPatch.normalizer=pairs has no effect; it needs losses.maskedPatch.form=nce",
  ]);
  const fitting = {
    image: { normalizer: "pairs" },
    imageVocabulary: { normalizer: "predictions" },
  };
  assertEquals(saidOf("dv2-tiny", { losses: fitting }), []);
});

Deno.test("settingsWithoutEffect: Allp's temperature has one in both forms, under the softmax", () => {
  const said = (score: string) =>
    saidOf("allp-tiny", { losses: { allp: { temperature: 0.2, score } } });
  assertEquals(said("softmax"), []);
  assertEquals(said("rescaled"), [
    "losses.allp.temperature=0.2 has no effect; it needs losses.allp.score=softmax",
  ]);
});

Deno.test("settingsWithoutEffect: names a momentum without its encoder", () => {
  const targets = { momentum: 0.9 };
  assertEquals(saidOf("dv2-tiny", { model: { targets } }), [
    "model.targets.momentum=0.9 has no effect; it needs model.targets.patches=momentum",
  ]);
  const encoder = { momentum: 0.9, patches: "momentum" };
  assertEquals(saidOf("dv2-tiny", { model: { targets: encoder } }), []);
});

Deno.test("settingsWithoutEffect: names a vocabulary that no loss uses", () => {
  const unused = {
    patchVocabulary: { weight: 0 },
    imageVocabulary: { weight: 0 },
  };
  assertEquals(saidOf("dv2-tiny", { losses: unused }), [
    "model.vocabulary has no effect; it needs a weight in losses.patchVocabulary or losses.imageVocabulary",
  ]);
  const one = { ...unused, imageVocabulary: { weight: 1 } };
  assertEquals(saidOf("dv2-tiny", { losses: one }), []);
  const negatives = {
    ...unused,
    image: { form: "infoNce", negatives: "batchAndVocabulary" },
  };
  assertEquals(saidOf("dv2-tiny", { losses: negatives }), []);
});
