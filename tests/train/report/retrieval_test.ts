import { assert, assertEquals } from "@std/assert";
import { loadImageMagick } from "../../../datasets/load_image_magick.ts";
import type { Examined } from "../../../train/report/examine.ts";
import { retrievalSection } from "../../../train/report/retrieval.ts";

await loadImageMagick();

const picture = { size: 4, pixels: new Uint8Array(48) };

/** Four pictures of four patches; each prediction is nearest to the candidate that `found` names. */
function examined(found: (picture: number) => number): Examined {
  const pictures = [picture, picture, picture, picture];
  const candidates = new Float32Array(16 * 16);
  for (let i = 0; i < 16; i++) candidates[16 * i + i] = 1;
  const predictions = new Float32Array(4 * 16);
  pictures.forEach((_, i) => predictions[16 * i + found(i)] = 1);
  return {
    pictures,
    source: "test images",
    features: { width: 1, values: new Float32Array(4) },
    masked: {
      grid: 2,
      width: 16,
      locations: [[0], [1], [2], [3]],
      predictions,
      candidates,
      among: "all",
    },
  };
}

Deno.test("retrieval: marks the truth among the candidates, and counts how often it comes first", () => {
  // right in the first two pictures
  const { lead, body } = retrievalSection(
    examined((i) => i < 2 ? 4 * i + i : 4 * i + (i + 1) % 4),
  )!;
  const text = String(lead).replaceAll("\u00a0", " ");
  assert(text.includes("50.0 % come first and 50.0 % among the first 5"), text);
  assert(text.includes("by chance it would be 6.3 %, 31.3 % and 8."), text);
  const rows = body!.markup.match(/<tr>.*?<\/tr>/gs)!.slice(1);
  assertEquals(rows.length, 4);
  // the context, the truth, five candidates
  assertEquals(rows.map((row) => row.match(/<img/g)!.length), [7, 7, 7, 7]);
  const first = rows.map((row) => /<td class="hit">/.test(row));
  assertEquals(first, [true, true, false, false]);
  const alts = [...rows[3].matchAll(/alt="([^"]*)"/g)].map(([, alt]) => alt);
  assertEquals(alts.slice(0, 3), [
    "picture 4 with the masked patches blanked",
    "patch 4 of picture 4",
    "patch 1 of picture 4",
  ]);
});

Deno.test("retrieval: there is none without masked patches", () => {
  const { masked: _, ...others } = examined(() => 0);
  assertEquals(retrievalSection(others), undefined);
});
