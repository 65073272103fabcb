import { assert, assertEquals, assertMatch } from "@std/assert";
import { layersSection } from "../../../train/report/layers.ts";
import { layer } from "../layer_result.ts";

Deno.test("layers: a row for each layer, with the numbers of the file, and a star for the best", () => {
  const { body, lead } = layersSection(
    {
      untrained: {
        a: layer(16, 0.1234, 0.5, 0.2),
        "I, Î": layer(32, 0.2, 1, 0.3),
      },
      trained: {
        a: layer(16, 0.456, 0.7, 0.789),
        "I, Î": layer(32, 0.5, 0.6, 0.4),
      },
    },
    10,
    "deno task probe here",
  );
  const rows = [...body!.markup.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)]
    .map(([, row]) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map((cell) =>
        cell[1].replaceAll(/<\/?b>/g, "")
      )
    );
  assertEquals(rows.slice(1), [
    ["a ★", "16", "12.3 ± 1.6", "45.6 ± 2.5", "20.0", "78.9"],
    ["I, Î", "32", "20.0 ± 2.0", "50.0 ± 2.5", "30.0", "40.0"],
  ]);
  assertMatch(body!.markup, /aria-label="[^"]*a 12.3 untrained, 45.6 trained/);
  assert(body!.markup.includes("9000 images; 1000 more"));
  assert(
    body!.markup.replaceAll(/\s+/g, " ").includes(
      "the 20 nearest of 10000 images by cosine vote on 400, with weights exp(cos / 0.1).",
    ),
  );
  assert(String(lead).includes("400 test images"));
});

Deno.test("layers: says how to measure them where they were not", () => {
  const { body, lead } = layersSection(undefined, 10, "deno task probe here");
  assertEquals(body, undefined);
  assert(
    typeof lead === "object" && "markup" in lead &&
      lead.markup.includes("<code>deno task probe here</code>"),
  );
});
