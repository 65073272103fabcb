import { assert, assertEquals } from "@std/assert";
import { headline } from "../../../train/report/headline.ts";
import { layer } from "../layer_result.ts";
import { fullModel, tinyConfig } from "../tiny_model.ts";

Deno.test("headline: gives the best layers by held-out images, and the weightiest term's numbers", () => {
  const { markup } = headline({
    config: tinyConfig(fullModel),
    layers: {
      untrained: { a: layer(8, 0.3, 0.5, 0), b: layer(8, 0.9, 0.4, 0) },
      trained: { a: layer(8, 0.9, 0.5, 0), b: layer(8, 0.412, 0.6, 0) },
    },
    record: {
      step: 3,
      "image.retrieval": 0.99,
      "maskedPatch.retrieval": 0.123,
      "image.effectiveRank": 7.77,
    },
  });
  const text = markup.replaceAll(/<[^>]*>/g, "");
  for (
    const shown of [
      "41.2\u00a0%",
      "best layer, b, against 30.0\u00a0%",
      "untrained one, a: +11.2 ± 3.4 points",
      "12.3\u00a0%",
      "among the 32 of a batch; by chance it would be 6.3\u00a0%",
      "7.8 of 8",
    ]
  ) {
    assert(text.includes(shown), `${shown} in ${text}`);
  }
});

Deno.test("headline: counts what one of several processes compares by itself", () => {
  const config = tinyConfig({ distributed: { negatives: "local" } });
  const record = { step: 1, "maskedPatch.retrieval": 0.5 };
  const { markup } = headline({ config, record, processes: 2 });
  assert(markup.includes("among the 16 of a batch; by chance"), markup);
});

Deno.test("headline: leaves out what was not measured", () => {
  const config = tinyConfig();
  assertEquals(headline({ config }).markup, "");
  const { markup } = headline({
    config,
    record: { step: 1, "maskedPatch.effectiveRank": 2 },
  });
  assertEquals(markup.match(/<dt>/g)!.length, 1);
});
