/**
 * Draws the figures of results.md from the tables in docs/results.
 *
 *     deno run --lock=development.lock --allow-read=docs --allow-write=docs docs/figures.ts
 */
import {
  axisX,
  axisY,
  dot,
  gridX,
  gridY,
  line,
  link,
  type Markish,
  plot,
  type PlotOptions,
  text,
} from "@observablehq/plot";
import { csvParse } from "npm:d3-dsv@^3.0.1";
import { parseHTML } from "linkedom";

// legible on a white and on a dark page
const INK = "#7a808c";
const BEFORE = "#7a808c";
const AFTER = "#d2691e";

/** What linear classifiers make of a layer, over the seeds of a row, in percent. */
interface Gain {
  readonly row: string;
  readonly untrained: number;
  readonly trained: number;
}

/** The rows of a table of `deno task experiment`, with the means over seeds at a layer. */
function gains(name: string, layer: string): Gain[] {
  const records = readTable(name).filter(({ measure, of }) =>
    measure === "linear" && of === layer
  );
  const mean = (row: string, encoder: string) => {
    const accuracies = records
      .filter((record) => record.row === row && record.encoder === encoder)
      .map(({ accuracy }) => 100 * Number(accuracy));
    return accuracies.reduce((sum, x) => sum + x, 0) / accuracies.length;
  };
  return [...new Set(records.map(({ row }) => row))].map((row) => ({
    row,
    untrained: mean(row, "untrained"),
    trained: mean(row, "trained"),
  }));
}

/** For each row, in the table's order, where it was untrained and where it is now. */
function drawGains(file: string, name: string, layer: string): void {
  const rows = gains(name, layer);
  const y = { y: "row" };
  draw(file, `Linear accuracy on ${layer}, untrained and pretrained`, [
    gridX({ stroke: INK, strokeOpacity: 0.25 }),
    axisX({ label: `linear accuracy on ${layer}, %`, labelAnchor: "center" }),
    axisY({ label: null, tickSize: 0 }),
    link(rows, { ...y, x1: "untrained", x2: "trained", stroke: INK }),
    dot(rows, { ...y, x: "untrained", r: 3.5, stroke: BEFORE, fill: "none" }),
    dot(rows, { ...y, x: "trained", r: 4, fill: AFTER }),
    text(rows, {
      ...y,
      x: "trained",
      text: ({ trained }) => trained.toFixed(1),
      dx: 8,
      textAnchor: "start",
    }),
  ], {
    height: 26 * rows.length + 60,
    marginLeft: 290,
    marginRight: 40,
    marginBottom: 40,
    x: { nice: true },
    y: { domain: rows.map(({ row }) => row), padding: 0.4 },
  });
}

/** Accuracy over steps, a line for each layer. */
function drawCurves(file: string, name: string, layers: string[]): void {
  const points = readTable(name).flatMap(({ layer, step, accuracy }) =>
    layers.includes(layer)
      ? [{ layer, step: Number(step), accuracy: 100 * Number(accuracy) }]
      : []
  );
  const last = layers.map((layer) =>
    points.filter((point) => point.layer === layer).at(-1)!
  );
  draw(file, "Linear accuracy while training", [
    gridY({ stroke: INK, strokeOpacity: 0.25 }),
    axisX({ label: "steps", labelAnchor: "center", tickFormat: "~s" }),
    axisY({ label: "linear accuracy, %", tickSize: 0 }),
    line(points, { x: "step", y: "accuracy", stroke: "layer" }),
    dot(points, { x: "step", y: "accuracy", fill: "layer", r: 2.5 }),
    text(last, {
      x: "step",
      y: "accuracy",
      text: "layer",
      fill: "layer",
      dx: 8,
      textAnchor: "start",
    }),
  ], {
    height: 320,
    marginRight: 80,
    marginBottom: 40,
    y: { nice: true },
    color: {
      domain: layers,
      range: [AFTER, "#3b82c4", "#2e9e6b", "#a35fb0"],
    },
  });
}

const { document } = parseHTML("<!doctype html><html></html>");

function draw(
  file: string,
  ariaLabel: string,
  marks: Markish[],
  options: PlotOptions,
): void {
  const svg = plot({ width: 720, ...options, marks, document, ariaLabel });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("fill", INK);
  svg.setAttribute("font-size", "12");
  Deno.writeTextFileSync(
    new URL(`results/${file}`, import.meta.url),
    `${svg.outerHTML}\n`,
  );
}

/** The lines of a table, by column. */
function readTable(name: string): Readonly<Record<string, string>>[] {
  return csvParse(
    Deno.readTextFileSync(new URL(`results/${name}`, import.meta.url)),
  );
}

drawGains("repairs.svg", "repairs-quick.csv", "I, Î");
drawGains("adaptations.svg", "section-4.5-quick.csv", "features");
drawGains("what-helps.svg", "what-helps-tiny.csv", "I, Î");
drawCurves("learning-curve.svg", "learning-curve.csv", [
  "I, Î",
  "Î",
  "I",
  "features",
]);
