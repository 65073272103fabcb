import type { Device } from "../../engine/devices/device.ts";
import { namedInstances } from "../../layers/module.ts";
import { DynamicVocabulary } from "../../vocab/dynamic.ts";
import { mostSimilar, type Neighbour } from "../evaluate/most_similar.ts";
import type { LoadedRun } from "../run/load_run.ts";
import type { Examined } from "./examine.ts";
import { type Html, html } from "./html.ts";
import { dot, maskedPatches } from "./masked_predictions.ts";
import { percent, short } from "./numbers.ts";
import { image, patchOf } from "./picture.ts";
import { type Section, table } from "./section.ts";

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
  const vocabulary = namedInstances(model, DynamicVocabulary)
    .get("patchVocabulary");
  if (!vocabulary || masked?.among !== "all") return undefined;
  const { vectors, masses } = vocabulary;
  const v = Float32Array.from(await device.read(vectors.storage));
  const m = Float32Array.from(await device.read(masses.storage));
  const patches = maskedPatches(masked);
  const { width, grid } = masked;
  const byMass = [...m.keys()].sort((a, b) => m[b] - m[a]);
  const patch = ({ index, similarity }: Neighbour): Html => {
    const { picture, location } = patches[index].place;
    return html`
      <td>
        <figure>${image(
          patchOf(pictures[picture], grid, location),
          `patch ${location + 1} of picture ${picture + 1}`,
          "patch",
        )}<figcaption>${similarity.toFixed(2)}</figcaption></figure>
      </td>
    `;
  };
  const row = (entry: number): Html => {
    const vector = v.subarray(entry * width, (entry + 1) * width);
    const nearest = mostSimilar(
      patches.map((patch) => dot(vector, patch.vector)),
      PATCHES,
    );
    return html`
      <tr><th scope="row">${entry + 1}</th><td class="number">${short(
        m[entry],
      )}</td>${nearest.map(patch)}</tr>
    `;
  };
  const shown = Math.min(PATCHES, patches.length);
  const entriesTable = (label: string, entries: readonly number[]) =>
    html`<h3>${label}</h3>
${
      table(label, [
        "Entry",
        "Mass",
        ...Array.from({ length: shown }, (_, i) => `${i + 1}`),
      ], entries.map(row))
    }`;
  const most = byMass.slice(0, ENTRIES);
  const least = byMass.slice(most.length).slice(-ENTRIES);
  return {
    id: "vocabulary",
    title: "Vocabulary",
    lead:
      html`The vocabulary gathers directions in which many patches of earlier batches lay; the mass of an entry says how much it is used. Beside each entry are the masked patches of these pictures nearest to it, with their cosine. Good entries gather patches that look alike, and each its own; where all rows show the same patches, representations have collapsed. The least used entries are random directions or leftovers, far from every patch. Of ${m.length} entries, the heaviest has ${
        percentOf(m, byMass[0])
      } of the mass.`,
    body: html`${entriesTable("The most used entries", most)}${
      least.length > 0 && entriesTable("The least used entries", least) ||
      undefined
    }`,
  };
}

function percentOf(masses: Float32Array, entry: number): string {
  const sum = masses.reduce((sum, mass) => sum + mass, 0);
  return percent(masses[entry] / sum);
}
