import { samplePositions } from "../evaluate/knn.ts";
import type { Examined } from "./examine.ts";
import { type Html, html } from "./html.ts";
import {
  type MaskedPredictions,
  type PatchPlace,
  retrieve,
} from "./masked_predictions.ts";
import { percent } from "./numbers.ts";
import { patchImage } from "./patch_image.ts";
import { blank, image, type Picture } from "./picture.ts";
import {
  numberCell,
  ordinals,
  pictureCell,
  row,
  type Section,
  table,
} from "./section.ts";

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
  const shown = samplePositions(pictures.length, ROWS);
  const rows = Array.from(
    shown,
    (picture) => retrievalRow(pictures, masked, picture),
  );
  const { candidates } = retrieve(masked, 0, 0, 0);
  const pool = masked.among === "all"
    ? `all ${candidates} patches of these pictures`
    : `the ${candidates} masked patches of the picture`;
  const columns = ordinals(Math.min(SHOWN, candidates));
  return {
    id: "retrieval",
    title: "Masked patches",
    lead:
      `The model sees a picture without its masked patches (grey, and orange for the one asked for) and ranks ${pool} by how well they fit. Good is the truth (✓) in front, or at least candidates that could stand there. ${
        rankSentence(masked)
      }`,
    body: table(
      "Masked patches and what is retrieved for them",
      ["Context", "Truth", "Its rank", ...columns],
      rows,
    ),
  };
}

/** The first masked patch of a picture, and what is found for it. */
function retrievalRow(
  pictures: readonly Picture[],
  masked: MaskedPredictions,
  picture: number,
): Html {
  const { grid, locations } = masked;
  const { asked, candidates, rank, best } = retrieve(masked, picture, 0, SHOWN);
  const colours = locations[picture].map((location) =>
    [location, location === asked.location ? ASKED : MASKED] as const
  );
  const context = image(
    blank(pictures[picture], grid, new Map(colours)),
    `picture ${picture + 1} with the masked patches blanked`,
    "photo",
  );
  const patch = (place: PatchPlace) => patchImage(pictures, grid, place);
  const found = best.map(({ similarity, ...place }) => {
    const isTruth = place.picture === picture &&
      place.location === asked.location;
    const score = similarity.toFixed(2);
    return pictureCell(patch(place), isTruth ? `✓ ${score}` : score, isTruth);
  });
  return row(context, [
    html`<td>${patch(asked)}</td>`,
    numberCell(html`${rank}<br><small>of ${candidates}</small>`),
    ...found,
  ]);
}

/** How high the masked patches rank, one of each picture, beside what chance would give. */
function rankSentence(masked: MaskedPredictions): string {
  const counted = samplePositions(masked.locations.length, MAX_COUNTED);
  const retrievals = Array.from(
    counted,
    (picture) => retrieve(masked, picture, 0, 0),
  );
  const ranks = retrievals.map(({ rank }) => rank).sort((a, b) => a - b);
  const median = ranks[Math.floor((ranks.length - 1) / 2)];
  const [{ candidates }] = retrievals;
  const shareWithin = (places: number) =>
    percent(ranks.filter((rank) => rank <= places).length / ranks.length);
  const top = Math.min(SHOWN, candidates);
  return `Of ${ranks.length} masked patches ${shareWithin(1)} come first and ${
    shareWithin(top)
  } among the first ${top}, and half rank ${median} or better; by chance it would be ${
    percent(1 / candidates)
  }, ${percent(top / candidates)} and ${Math.ceil(candidates / 2)}.`;
}
