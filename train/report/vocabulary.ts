import type { Device } from "../../engine/devices/device.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import { mostSimilar } from "../evaluate/most_similar.ts";
import type { LoadedRun } from "../run/load_run.ts";
import type { Examined } from "./examine.ts";
import { type Html, html } from "./html.ts";
import { dot, maskedPatches } from "./masked_predictions.ts";
import { percent, short } from "./numbers.ts";
import { patchImage } from "./patch_image.ts";
import {
  numberCell,
  ordinals,
  pictureCell,
  row,
  type Section,
  table,
} from "./section.ts";

/** Entries shown of the most and of the least used. */
const ENTRIES = 5;
/** Patches shown of each. */
const PATCHES = 10;

/** The patches nearest to the most and the least used entries; `undefined` without a dynamic vocabulary of patches. */
export async function vocabularySection(
  device: Device,
  { model }: LoadedRun,
  { pictures, masked }: Examined,
): Promise<Section | undefined> {
  const vocabulary = model.patchVocabulary;
  if (!(vocabulary instanceof DynamicVocabulary) || !masked) return undefined;
  const v = await device.read(vocabulary.vectors.storage);
  const m = Float32Array.from(await device.read(vocabulary.masses.storage));
  const patches = maskedPatches(masked);
  const { width, grid } = masked;
  const entryRow = (entry: number): Html => {
    const vector = v.subarray(entry * width, (entry + 1) * width);
    const cosines = patches.map((patch) => dot(vector, patch.vector));
    const cells = mostSimilar(cosines, PATCHES).map(({ index, similarity }) =>
      pictureCell(
        patchImage(pictures, grid, patches[index].place),
        similarity.toFixed(2),
      )
    );
    return row(entry + 1, [numberCell(short(m[entry])), ...cells]);
  };
  const columns = ordinals(Math.min(PATCHES, patches.length));
  const entriesTable = (title: string, entries: readonly number[]) =>
    html`
      <h3>${title}</h3>
      ${table(title, ["Entry", "Mass", ...columns], entries.map(entryRow))}
    `;
  const byMass = [...m.keys()].sort((a, b) => m[b] - m[a]);
  const largestShare = m[byMass[0]] / m.reduce((sum, mass) => sum + mass, 0);
  return {
    id: "vocabulary",
    title: "Vocabulary",
    lead:
      `The vocabulary gathers directions in which many patches of earlier batches lay; the mass of an entry says how much it is used. Beside each entry are the masked patches of these pictures nearest to it, with their cosine. Good entries gather patches that look alike, and each its own; where all rows show the same patches, representations have collapsed. The least used entries are random directions or leftovers, far from every patch. Of ${m.length} entries, the heaviest has ${
        percent(largestShare)
      } of the mass.`,
    body: html`
      ${entriesTable("The most used entries", byMass.slice(0, ENTRIES))}
      ${entriesTable("The least used entries", byMass.slice(-ENTRIES))}
    `,
  };
}
