import { assert, assertEquals } from "@std/assert";
import {
  maskedPatches,
  type MaskedPredictions,
  retrieve,
} from "../../../train/report/masked_predictions.ts";
import { randomArray, testWithSeed } from "../../random.ts";

const pictures = 6;
const grid = 3;
const width = 5;
const locations = Array.from({ length: pictures }, (_, i) => [i, 8, i % 3 + 5]);

function random(among: MaskedPredictions["among"]): MaskedPredictions {
  const count = among === "all" ? grid ** 2 : 3;
  return {
    ...{ grid, width, locations, among },
    predictions: randomArray(pictures * 3 * width),
    candidates: randomArray(pictures * count * width),
  };
}

/** The product of a prediction and a candidate in float64. */
function naiveProduct(
  { predictions, candidates }: MaskedPredictions,
  prediction: number,
  candidate: number,
): number {
  return Array.from(
    { length: width },
    (_, i) =>
      predictions[prediction * width + i] * candidates[candidate * width + i],
  ).reduce((sum, product) => sum + product);
}

testWithSeed(
  "retrieve: ranks all patches of all pictures as a naive ranking does",
  () => {
    const masked = random("all");
    for (let picture = 0; picture < pictures; picture++) {
      for (let k = 0; k < 3; k++) {
        const location = locations[picture][k];
        const ranked = Array.from(
          { length: pictures * grid ** 2 },
          (_, i) => ({
            picture: Math.floor(i / 9),
            location: i % 9,
            similarity: naiveProduct(masked, 3 * picture + k, i),
          }),
        ).sort((a, b) => b.similarity - a.similarity);
        assertEquals(retrieve(masked, picture, k, 5), {
          asked: { picture, location },
          candidates: 54,
          rank: 1 +
            ranked.findIndex((other) =>
              other.picture === picture && other.location === location
            ),
          best: ranked.slice(0, 5),
        });
      }
    }
  },
);

testWithSeed(
  "retrieve: the truth comes last where predictions are no numbers",
  () => {
    const masked = random("all");
    masked.predictions.fill(NaN);
    assertEquals(retrieve(masked, 2, 1, 0).rank, 54);
  },
);

testWithSeed(
  "retrieve: ranks the masked patches of the picture itself by scaled products, no more than there are",
  () => {
    const masked = random("masked");
    const ranked = [0, 1, 2].map((k) => ({
      picture: 4,
      location: locations[4][k],
      similarity: naiveProduct(masked, 3 * 4 + 1, 3 * 4 + k) / Math.sqrt(width),
    })).sort((a, b) => b.similarity - a.similarity);
    const { rank, candidates, best, asked } = retrieve(masked, 4, 1, 5);
    assertEquals([candidates, asked.location], [3, locations[4][1]]);
    assertEquals(
      rank,
      1 + best.findIndex((b) => b.location === asked.location),
    );
    assertEquals(
      best.map(({ location }) => location),
      ranked.map((r) => r.location),
    );
    for (const [i, { similarity }] of best.entries()) {
      assert(Math.abs(similarity - ranked[i].similarity) < 1e-12);
    }
  },
);

Deno.test("retrieve: a masked patch comes after all that are on a par, so that collapse does not look like success", () => {
  const { rank, candidates } = retrieve(
    {
      ...{ grid, width, locations, among: "all" },
      predictions: new Float32Array(pictures * 3 * width).fill(1),
      candidates: new Float32Array(pictures * 9 * width).fill(1),
    },
    0,
    0,
    1,
  );
  assertEquals([rank, candidates], [54, 54]);
});

testWithSeed(
  "maskedPatches: are the representations at the masked locations",
  () => {
    const masked = random("all");
    const patches = maskedPatches(masked);
    assertEquals(patches.length, pictures * 3);
    const { place, vector } = patches[3 * 2 + 1];
    assertEquals(place, { picture: 2, location: 8 });
    const start = (2 * 9 + 8) * width;
    assertEquals(vector, masked.candidates.slice(start, start + width));
  },
);
