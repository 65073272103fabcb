import { assert, assertEquals } from "@std/assert";
import { loadImageMagick } from "../../../datasets/load_image_magick.ts";
import type { Examined } from "../../../train/report/examine.ts";
import { neighboursSection } from "../../../train/report/neighbours.ts";
import { randomArray, testWithSeed } from "../../random.ts";

await loadImageMagick();

const total = 12;
const picture = { size: 4, pixels: new Uint8Array(48) };
const examined: Examined = {
  pictures: Array.from({ length: total }, () => picture),
  source: "test images",
  features: { width: 1, values: new Float32Array(total) },
};

/** Random neighbours of each. */
function drawNeighbours(count: number) {
  return Array.from(
    { length: total },
    (_, i) =>
      [...randomArray(count, 1, total)].map((distance) => ({
        index: (i + Math.floor(distance)) % total,
        similarity: 0.5,
      })),
  );
}

testWithSeed(
  "neighbours: the shares of equal classes are those of a naive count",
  () => {
    const labels = Array.from({ length: total }, (_, i) => "abc"[i % 5 % 3]);
    const neighbours = drawNeighbours(10);
    const { lead, body } = neighboursSection(
      { ...examined, labels },
      neighbours,
    );
    let [same, pairs, equalPairs] = [0, 0, 0];
    for (let i = 0; i < total; i++) {
      for (const { index } of neighbours[i].slice(0, 8)) {
        if (labels[i] === labels[index]) same++;
      }
      for (let j = 0; j < total; j++) {
        if (i === j) continue;
        pairs++;
        if (labels[i] === labels[j]) equalPairs++;
      }
    }
    const sentence = String(lead);
    const percent = (share: number) => (100 * share).toFixed(1);
    assert(
      sentence.includes(
        `${percent(same / (8 * total))}\u00a0% are of the same class`,
      ),
      sentence,
    );
    assert(
      sentence.includes(`${percent(equalPairs / pairs)}\u00a0% would be`),
      sentence,
    );
    // eight rows of a picture and eight neighbours
    assertEquals(body!.markup.match(/<img/g)!.length, 8 * 9);
    const hits = body!.markup.match(/✓ ./g) ?? [];
    assertEquals(body!.markup.match(/class="hit"/g)?.length ?? 0, hits.length);
  },
);

testWithSeed(
  "neighbours: without labels there is no talk of classes, and with one picture nothing to show",
  () => {
    const { lead, body } = neighboursSection(examined, drawNeighbours(2));
    assert(!String(lead).includes("class"));
    assertEquals(body!.markup.match(/<img/g)!.length, 8 * 3);
    assertEquals(
      neighboursSection({ ...examined, pictures: [picture] }, [[]]).body,
      undefined,
    );
  },
);
