import { assert, assertEquals, assertMatch } from "@std/assert";
import { curvesSection } from "../../../train/report/curves.ts";
import { fullModel, tinyConfig } from "../tiny_model.ts";

const config = tinyConfig(fullModel);

Deno.test("curves: every measurement has a chart, with its last value as the file has it", () => {
  const records = [10, 20, 30].map((step) => ({
    step,
    loss: 7 / step,
    "maskedPatch.retrieval": 0.01 * step,
    "maskedPatch.positiveSimilarity": 0.012345 * step,
    "maskedPatch.negativeSimilarity": 0.45678,
    "patchVocabulary.perplexity": 1234.5,
    "image.novelty": step + 0.123,
    text: "no number",
  }));
  const { body, lead } = curvesSection(records, config, 30);
  const markup = body!.markup;
  assertEquals(markup.match(/<svg/g)!.length, 5);
  for (
    const shown of [
      ...["0.2333", "0.3", "0.3704", "0.4568", "1,235", "30.12"],
      ...["Masked patches, L_mp, weight 8", "image.novelty"],
    ]
  ) {
    assert(markup.includes(shown), shown);
  }
  assertMatch(markup, /aria-label="maskedPatch Retrieval: from 0.1 to 0.3"/);
  // two views of each of four instances, in four patches each
  assertMatch(markup, /By chance: 6.3/);
  assert(!String(lead).includes("mean of"));
  assert(!markup.includes("NaN"));
});

Deno.test("curves: chance is that of each of the processes where these compare their own images alone", () => {
  const distributed = { ...config.distributed, negatives: "local" as const };
  const local = { ...config, distributed };
  const records = [{ step: 1, "image.retrieval": 0.5 }];
  const of = (processes?: number) =>
    curvesSection(records, local, 1, processes).body!.markup;
  // two views of each of two instances
  assertMatch(of(2), /By chance: 50/);
  assert(!of().includes("By chance"));
});

Deno.test("curves: many records are averaged, and what is not finite stays a gap", () => {
  const records = Array.from({ length: 1000 }, (_, i) => ({
    step: i + 1,
    loss: i === 7 ? NaN : i % 2,
  }));
  const { body, lead } = curvesSection(records, config, 1000);
  assertMatch(String(lead), /the mean of 5 records/);
  const paths = [...body!.markup.matchAll(/ d="(M[^"]*)"/g)]
    .map(([, path]) => path)
    .filter((path) => path.split("L").length > 100);
  assertEquals(paths.length, 1);
  // 200 points in two parts, without the one that holds the gap
  assertEquals(paths[0].split(/[ML]/).length - 1, 199);
  assertEquals(paths[0].split("M").length - 1, 2);
});

Deno.test("curves: says that there are none where nothing was recorded", () => {
  const { body, lead } = curvesSection([], config, 3);
  assertEquals([body, lead], [undefined, "No measurements were recorded."]);
});
