import { dot as dotMark, image as imageMark } from "@observablehq/plot";
import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { UMAP } from "umap-js";
import type { Neighbour } from "../evaluate/most_similar.ts";
import type { Examined } from "./examine.ts";
import { type Html, html } from "./html.ts";
import { dataUri } from "./picture.ts";
import { chart } from "./plot.ts";
import type { Section } from "./section.ts";

/** Neighbours of which UMAP keeps the distances. */
export const MAP_NEIGHBOURS = 15;
/** Fewer pictures make no map: UMAP needs more than the neighbours of each and itself. */
const MIN_PICTURES = MAP_NEIGHBOURS + 2;
const EPOCHS = 300;
const SEED = 1;

const SYMBOLS = [
  ...["circle", "square", "triangle", "diamond", "star"],
  ...["cross", "wye", "hexagon", "square2", "diamond2"],
];
/** Begins what Plot is told of a class: it takes names that are all colours, or symbols, as these. */
const CLASS = "class ";
const OTHERS = "others";

/** One of the pictures in two dimensions. */
interface Point {
  readonly x: number;
  readonly y: number;
  readonly index: number;
}

/** A map of the features; `neighbours` are those of each picture, {@linkcode MAP_NEIGHBOURS} or fewer. */
export function mapSection(
  examined: Examined,
  neighbours: readonly (readonly Neighbour[])[],
): Section {
  const { pictures, labels } = examined;
  const section = { id: "map", title: "Map" };
  if (pictures.length < MIN_PICTURES) {
    return { ...section, lead: "There are too few pictures for a map." };
  }
  const points = layOut(neighbours);
  const lead =
    `${pictures.length} pictures, laid out in two dimensions by UMAP so that those with similar features lie together. Only what is near is to be trusted: neither axes nor distances between groups mean anything.`;
  return labels
    ? {
      ...section,
      lead:
        `${lead} Good features make islands of one class; a uniform mix says that they ignore the classes.`,
      body: labelledMap(points, labels),
    }
    : {
      ...section,
      lead:
        `${lead} Good features gather what is alike in meaning, not in colour alone.`,
      body: thumbnailMap(points, examined),
    };
}

/** UMAP (McInnes et al. 2018) of given neighbours, the same every time. */
function layOut(neighbours: readonly (readonly Neighbour[])[]): Point[] {
  const random = xoroshiro128plus(SEED);
  const count = neighbours[0].length + 1;
  const umap = new UMAP({
    nNeighbors: count,
    nEpochs: EPOCHS,
    random: () => uniformFloat32(random),
  });
  // each is its own first neighbour
  umap.setPrecomputedKNN(
    neighbours.map((found, i) => [i, ...found.map(({ index }) => index)]),
    neighbours.map((found) => [
      0,
      ...found.map(({ similarity }) => Math.max(0, 1 - similarity)),
    ]),
  );
  // of the vectors themselves only the number matters
  const places = umap.fit(neighbours.map(() => [0]));
  return places.map(([x, y], index) => ({ x, y, index }));
}

const FRAME = {
  width: 480,
  height: 380,
  margin: 16,
  x: { axis: null },
  y: { axis: null },
} as const;

function labelledMap(
  points: readonly Point[],
  labels: readonly string[],
): Html {
  const names = commonest(labels);
  const nameOf = ({ index }: Point) =>
    names.includes(labels[index]) ? CLASS + labels[index] : OTHERS;
  const domain = [...names.map((name) => CLASS + name), OTHERS];
  const style = {
    color: {
      type: "ordinal",
      domain,
      range: domain.map((name, i) =>
        name === OTHERS ? "var(--muted)" : `var(--class-${i + 1})`
      ),
    },
    symbol: { domain, range: domain.map((_, i) => SYMBOLS[i] ?? "circle") },
  } as const;
  const marks = [
    dotMark(points, {
      x: "x",
      y: "y",
      fill: nameOf,
      symbol: nameOf,
      r: 3.4,
      title: ({ index }: Point) => labels[index],
    }),
  ];
  const label =
    `Map of ${points.length} pictures, coloured by ${names.length} classes`;
  const shown = domain.filter((name) =>
    points.some((point) => nameOf(point) === name)
  );
  const keys = shown.map((name) => {
    const symbol = chart(
      undefined,
      [dotMark([name], { fill: [name], symbol: [name], r: 5, x: [0], y: [0] })],
      { ...FRAME, ...style, width: 16, height: 16, margin: 0 },
    );
    return html`<li>${symbol}${name.replace(CLASS, "")}</li>`;
  });
  const map = chart(label, marks, { ...FRAME, ...style });
  const key = html`<ul class="key">${keys}</ul>`;
  return html`<figure class="map">${map}<figcaption>${key}</figcaption></figure>`;
}

/** The labels with most pictures, as many as there are symbols, in alphabetical order. */
function commonest(labels: readonly string[]): string[] {
  return Object.entries(Object.groupBy(labels, (label) => label))
    .sort(([, a], [, b]) => b!.length - a!.length)
    .slice(0, SYMBOLS.length)
    .map(([name]) => name)
    .sort();
}

function thumbnailMap(
  points: readonly Point[],
  { pictures }: Examined,
): Html {
  const side = Math.max(14, Math.min(36, 380 / Math.sqrt(points.length)));
  const marks = [
    imageMark(points, {
      x: "x",
      y: "y",
      src: ({ index }: Point) => dataUri(pictures[index]),
      width: side,
      title: ({ index }: Point) => `picture ${index + 1}`,
    }),
  ];
  const label = `Map of ${points.length} pictures as thumbnails`;
  return html`
    <figure class="map">${chart(label, marks, FRAME)}</figure>
  `;
}
