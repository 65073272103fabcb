import type { Neighbour } from "../evaluate/most_similar.ts";
import { samplePositions } from "../evaluate/knn.ts";
import type { Examined } from "./examine.ts";
import { html } from "./html.ts";
import { percent } from "./numbers.ts";
import { image } from "./picture.ts";
import {
  captioned,
  ordinals,
  pictureCell,
  row,
  type Section,
  table,
} from "./section.ts";

/** Pictures whose neighbours are shown. */
const ROWS = 8;
/** Neighbours shown of each. */
const SHOWN = 8;

/** The pictures nearest to some, by their features; `neighbours` are those of each picture. */
export function neighboursSection(
  { pictures, labels }: Examined,
  neighbours: readonly (readonly Neighbour[])[],
): Section {
  const shown = neighbours.map((found) => found.slice(0, SHOWN));
  const section = { id: "neighbours", title: "Nearest neighbours" };
  const count = shown[0].length;
  if (count === 0) return { ...section, lead: "There is only one picture." };
  const picture = (index: number) =>
    image(pictures[index], labels?.[index] ?? `picture ${index + 1}`, "photo");
  const neighbour = (query: number, { index, similarity }: Neighbour) => {
    const cosine = similarity.toFixed(2);
    if (!labels) return pictureCell(picture(index), cosine);
    const isSame = labels[index] === labels[query];
    const label = isSame ? `✓ ${labels[index]}` : labels[index];
    return pictureCell(picture(index), html`${label}<br>${cosine}`, isSame);
  };
  const rows = [...samplePositions(pictures.length, ROWS)].map((query) =>
    row(
      captioned(picture(query), labels?.[query]),
      shown[query].map((found) => neighbour(query, found)),
    )
  );
  return {
    ...section,
    lead:
      `Each row begins with a picture, chosen at random; the ${count} nearest to it by the cosine of their features follow, the nearest first. Good features bring together what is alike in meaning; poor ones go by colour and brightness alone.${
        labels ? labelSentence(labels, shown) : ""
      }`,
    body: table("Nearest neighbours", ["Picture", ...ordinals(count)], rows),
  };
}

/** How often the neighbours are of the same class, beside how often others are. */
function labelSentence(
  labels: readonly string[],
  shown: readonly (readonly Neighbour[])[],
): string {
  const found = shown.flatMap((neighbours, query) =>
    neighbours.map(({ index }) => labels[index] === labels[query])
  );
  const same = found.filter(Boolean).length / Math.max(found.length, 1);
  return ` Of the neighbours of all ${labels.length} pictures, ${
    percent(same)
  } are of the same class (✓); of random pictures ${
    percent(shareOfPairs(labels))
  } would be.`;
}

/** The share of pairs of different pictures that are of the same class. */
function shareOfPairs(labels: readonly string[]): number {
  const sizes = Object.values(Object.groupBy(labels, (label) => label))
    .map((group) => group!.length);
  const n = labels.length;
  const pairs = sizes.reduce((sum, size) => sum + size * (size - 1), 0);
  return pairs / Math.max(n * (n - 1), 1);
}
