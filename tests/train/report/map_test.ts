import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadImageMagick } from "../../../datasets/load_image_magick.ts";
import type { Examined } from "../../../train/report/examine.ts";
import { MAP_NEIGHBOURS, mapSection } from "../../../train/report/map.ts";
import { dot } from "../../../train/report/masked_predictions.ts";
import { mostSimilar } from "../../../train/evaluate/most_similar.ts";
import { randomArray, randomNumber, testWithSeed } from "../../random.ts";

await loadImageMagick();

/** Pictures whose features point one of two ways, but for a little noise. */
function twoGroups(total: number) {
  const vectors = Array.from({ length: total }, (_, i) => {
    const angle = (i % 2) * 2 + 0.1 * randomNumber();
    return Float32Array.of(Math.cos(angle), Math.sin(angle));
  });
  const examined: Examined = {
    pictures: vectors.map(() => ({
      size: 4,
      pixels: Uint8Array.from(randomArray(48, 0, 256)),
    })),
    source: "test images",
    labels: vectors.map((_, i) => i % 2 === 0 ? "<even>" : "odd"),
    features: { width: 2, values: new Float32Array(2 * total) },
  };
  const neighbours = vectors.map((vector, i) =>
    mostSimilar(
      vectors.map((other) => dot(vector, other)),
      MAP_NEIGHBOURS,
      i,
    )
  );
  return { examined, neighbours };
}

/** The places of the marks, and what they are. */
function placesIn(markup: string) {
  return [...markup.matchAll(
    /transform="translate\(([\d.]+),([\d.]+)\)"[^>]*><title>([^<]*)/g,
  )].map(([, x, y, label]) => ({ x: Number(x), y: Number(y), label }));
}

testWithSeed(
  "map: groups of features become groups of points, labelled, the same every time",
  () => {
    const { examined, neighbours } = twoGroups(40);
    const { body } = mapSection(examined, neighbours);
    const places = placesIn(body!.markup);
    assertEquals(places.length, 40);
    assertEquals(
      new Set(places.map(({ label }) => label)),
      new Set(["&lt;even&gt;", "odd"]),
    );
    const distance = (i: number, j: number) =>
      Math.hypot(places[i].x - places[j].x, places[i].y - places[j].y);
    for (let i = 0; i < 40; i++) {
      const others = [...Array(40).keys()].filter((j) => j !== i);
      const nearest = others.reduce((a, b) =>
        distance(i, a) < distance(i, b) ? a : b
      );
      assertEquals(nearest % 2, i % 2);
    }
    assertEquals(mapSection(examined, neighbours).body, body);
    assert(
      body!.markup.includes("</svg>&lt;even&gt;</li>"),
      "a key for each class",
    );
  },
);

testWithSeed(
  "map: rare classes share a sign, and without labels pictures are shown themselves",
  () => {
    const { examined, neighbours } = twoGroups(40);
    const labels = examined.pictures.map((_, i) => `class ${i % 13}`);
    const many = mapSection({ ...examined, labels }, neighbours).body!.markup;
    assertEquals(many.match(/<li>/g)!.length, 11);
    assert(many.includes("</svg>others</li>"));
    const namesake = labels.map((label) =>
      label.replace(/^class 0$/, "others")
    );
    const fills = mapSection({ ...examined, labels: namesake }, neighbours)
      .body!.markup.split("<li>")
      .filter((key) => key.includes("</svg>others</li>"))
      .map((key) => key.match(/fill="(var\(--.*?\))"/)?.[1]);
    // the rest, and before it a class of that name
    assertEquals(fills.length, 2);
    assertEquals(fills[1], "var(--muted)");
    assertMatch(fills[0]!, /class/);
    const { body } = mapSection({ ...examined, labels: undefined }, neighbours);
    assertEquals(
      body!.markup.match(/<image href="data:image\/webp;base64,/g)!.length,
      40,
    );
  },
);

testWithSeed(
  "map: classes named like colours or symbols have signs of their own, as the key has them",
  () => {
    const { examined, neighbours } = twoGroups(40);
    for (
      const names of [["white", "black"], ["star", "circle"], ["apple", "lime"]]
    ) {
      const labels = examined.pictures.map((_, i) => names[i % 2]);
      const { markup } = mapSection({ ...examined, labels }, neighbours).body!;
      assertEquals(
        new Set(markup.match(/fill="(?!none|currentColor)[^"]*"/g)),
        new Set(['fill="var(--class-1)"', 'fill="var(--class-2)"']),
        names.join(),
      );
      for (const name of names) {
        assert(markup.includes(`</svg>${name}</li>`));
      }
    }
  },
);

testWithSeed("map: says that pictures are too few", () => {
  const least = MAP_NEIGHBOURS + 2;
  const few = twoGroups(least - 1);
  assertEquals(mapSection(few.examined, few.neighbours).body, undefined);
  const enough = twoGroups(least);
  assert(mapSection(enough.examined, enough.neighbours).body);
});
