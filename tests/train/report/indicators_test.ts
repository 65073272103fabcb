import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  retrievalTask,
  termsByWeight,
} from "../../../train/report/indicators.ts";
import { tinyConfig } from "../tiny_model.ts";

/** Eight images, two views of each instance, one of four patches masked. */
function task(candidates: "all" | "masked", masks: string) {
  const config = tinyConfig({
    model: { ...tinyConfig().model, masks },
    losses: { maskedPatch: { weight: 1, candidates } },
  });
  return retrievalTask("maskedPatch", config)!;
}

Deno.test("retrievalTask: counts the candidates of L_mp, and the right ones among them", () => {
  const all = task("all", "perView");
  assertEquals(
    all.sentence,
    "of masked patches were found among the 32 of a batch",
  );
  assertEquals(all.chance, 2 / 32);
  const shared = task("masked", "perInstance");
  assertEquals(
    shared.sentence,
    "of masked patches were found among the 8 masked ones of a batch",
  );
  assertEquals(shared.chance, 2 / 8);
  // the other view masks the same patch once in four times
  assertAlmostEquals(task("masked", "perView").chance, 1.25 / 8, 1e-12);
});

Deno.test("retrievalTask: counts the images of one process where each compares with its own", () => {
  const config = tinyConfig();
  const distributed = { ...config.distributed, negatives: "local" as const };
  const local = { ...config, distributed };
  assertEquals(retrievalTask("image", local), undefined);
  // four images of two views
  assertEquals(retrievalTask("image", local, 2)?.chance, 2 / 4);
  assertEquals(retrievalTask("image", config, 2)?.chance, 2 / 8);
});

Deno.test("retrievalTask: says of each term what is looked for among how many", () => {
  // eight images, two views of each instance
  assertEquals(retrievalTask("image", tinyConfig()), {
    sentence: "of images were found among the 8 of a batch",
    chance: 2 / 8,
  });
  assertEquals(retrievalTask("allp", tinyConfig()), {
    sentence:
      "of views found another of their image among the 7 others of a batch",
    chance: 1 / 7,
  });
  const selfie = tinyConfig({ model: { name: "selfie", masked: 3 } });
  assertEquals(retrievalTask("selfie", selfie), {
    sentence: "of masked patches were found among the 3 of their image",
    chance: 1 / 3,
  });
});

Deno.test("retrievalTask: is unknown where the model has no masks, or the term no such metric", () => {
  const allp = tinyConfig({ model: { name: "allp" } });
  assertEquals(retrievalTask("maskedPatch", allp), undefined);
  assertEquals(retrievalTask("selfie", allp), undefined);
  assertEquals(retrievalTask("patchVocabulary", tinyConfig()), undefined);
});

Deno.test("termsByWeight: the weightiest first, without those of weight 0", () => {
  const losses = { maskedPatch: { weight: 1 }, image: { weight: 4 } };
  assertEquals(termsByWeight(tinyConfig({ losses })), [
    { name: "image", weight: 4 },
    { name: "maskedPatch", weight: 1 },
  ]);
});
