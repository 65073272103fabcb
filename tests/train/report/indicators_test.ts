import { assertAlmostEquals, assertEquals } from "@std/assert";
import { retrievalTask } from "../../../train/report/indicators.ts";
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
