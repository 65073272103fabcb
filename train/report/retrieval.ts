import { samplePositions } from "../evaluate/knn.ts";
import type { Examined } from "./examine.ts";
import { type Html, html } from "./html.ts";
import { retrieve } from "./masked_predictions.ts";
import { percent } from "./numbers.ts";
import { blank, image, patchOf } from "./picture.ts";
import { type Section, table } from "./section.ts";

/** Pictures of which a patch is looked for. */
const ROWS = 8;
/** Candidates shown. */
const SHOWN = 5;
/** Predictions of which the ranks are counted, at most. */
const MAX_COUNTED = 200;

/** In place of the patch that is asked for, and of the others that are masked. */
const ASKED = [240, 140, 30] as const;
const MASKED = [128, 128, 128] as const;

/** What is found for masked patches; `undefined` where the model predicts none. */
export function retrievalSection(
  { pictures, masked }: Examined,
): Section | undefined {
  if (!masked) return undefined;
  const { grid, locations, among } = masked;
  const patch = (picture: number, location: number) =>
    image(
      patchOf(pictures[picture], grid, location),
      `patch ${location + 1} of picture ${picture + 1}`,
      "patch",
    );
  const row = (picture: number): Html => {
    const { asked, candidates, rank, best } = retrieve(
      masked,
      picture,
      0,
      SHOWN,
    );
    const context = blank(
      pictures[picture],
      grid,
      new Map(locations[picture].map((location) => [
        location,
        location === asked.location ? ASKED : MASKED,
      ])),
    );
    const found = best.map((candidate) => {
      const isTruth = candidate.picture === picture &&
        candidate.location === asked.location;
      return html`
        <td class="${isTruth ? "hit" : ""}">
          <figure>${patch(
            candidate.picture,
            candidate.location,
          )}<figcaption>${isTruth ? "✓ " : ""}${candidate.similarity.toFixed(
            2,
          )}</figcaption></figure>
        </td>
      `;
    });
    return html`
      <tr><th scope="row">${image(
        context,
        `picture ${picture + 1} with the masked patches blanked`,
        "photo",
      )}</th><td>${patch(
        picture,
        asked.location,
      )}</td><td class="number">${rank}<br><small>of ${candidates}</small></td>${found}</tr>
    `;
  };
  const counted = [...samplePositions(pictures.length, MAX_COUNTED)]
    .map((picture) => retrieve(masked, picture, 0, 0));
  const shareWithin = (places: number) =>
    percent(
      counted.filter(({ rank }) => rank <= places).length / counted.length,
    );
  const ranks = counted.map(({ rank }) => rank).sort((a, b) => a - b);
  const median = ranks[Math.floor((ranks.length - 1) / 2)];
  const { candidates } = counted[0];
  const pool = among === "all"
    ? `all ${candidates} patches of these pictures`
    : `the ${candidates} masked patches of the picture`;
  const top = Math.min(SHOWN, candidates);
  return {
    id: "retrieval",
    title: "Masked patches",
    lead:
      html`The model sees a picture without its masked patches (grey, and orange for the one asked for) and ranks ${pool} by how well they fit. Good is the truth (✓) in front, or at least candidates that could stand there. Of ${counted.length} masked patches ${
        shareWithin(1)
      } come first and ${
        shareWithin(top)
      } among the first ${top}, and half rank ${median} or better; by chance it would be ${
        percent(1 / candidates)
      }, ${percent(top / candidates)} and ${Math.ceil(candidates / 2)}.`,
    body: table(
      "Masked patches and what is retrieved for them",
      [
        "Context",
        "Truth",
        "Its rank",
        ...Array.from({ length: top }, (_, i) => `${i + 1}`),
      ],
      [...samplePositions(pictures.length, ROWS)].map(row),
    ),
  };
}
