import type { LossOptions } from "../../losses/registry.ts";
import { completeConfig, type Config } from "./config.ts";
import { isObject } from "./schema.ts";

/** Settings that need a neighbour to be something, in whatever section has both; the first that fits counts. */
const NEEDS = [
  { setting: "temperature", neighbour: "score", is: "softmax" },
  { setting: "temperature", neighbour: "form", is: "infoNce" },
  { setting: "positives", neighbour: "form", is: "infoNce" },
  { setting: "normalizer", neighbour: "form", is: "nce" },
  { setting: "momentum", neighbour: "patches", is: "momentum" },
];

/** Names settings of losses and targets that were chosen in vain, and a vocabulary, a sentence each. */
export function settingsWithoutEffect(config: Config): string[] {
  const { data, augmentation, model, losses } = config;
  const defaults = sectionsOf(
    completeConfig({ data, augmentation, model: { name: model.name } }),
  );
  const sentences = [];
  for (const [section, settings] of Object.entries(sectionsOf(config))) {
    const byDefault = defaults[section];
    if (!isObject(settings) || !isObject(byDefault)) continue;
    for (const [setting, value] of Object.entries(settings)) {
      if (value === byDefault[setting]) continue;
      const need = NEEDS.find((need) =>
        need.setting === setting && settings[need.neighbour] !== undefined
      );
      if (!need || settings[need.neighbour] === need.is) continue;
      sentences.push(
        `${section}.${setting}=${value} has no effect; ` +
          `it needs ${section}.${need.neighbour}=${need.is}`,
      );
    }
  }
  if ("vocabulary" in model && model.vocabulary && !usesVocabulary(losses)) {
    sentences.push(
      "model.vocabulary has no effect; " +
        "it needs a weight in losses.patchVocabulary or losses.imageVocabulary",
    );
  }
  return sentences;
}

/** The parts of a config with such settings, by their paths. */
function sectionsOf({ losses, model }: Config): Record<string, object> {
  const sections = Object.entries(losses).map(
    ([name, options]): [string, object] => [`losses.${name}`, options],
  );
  if ("targets" in model) sections.push(["model.targets", model.targets]);
  return Object.fromEntries(sections);
}

function usesVocabulary(
  { patchVocabulary, imageVocabulary, maskedPatch, image }: LossOptions,
): boolean {
  return patchVocabulary.weight > 0 || imageVocabulary.weight > 0 ||
    [maskedPatch, image].some(({ weight, negatives }) =>
      weight > 0 && negatives === "batchAndVocabulary"
    );
}
