import { dot, link, ruleX } from "@observablehq/plot";
import type { Accuracy } from "../evaluate/accuracy.ts";
import { bestLayer, type ComparedLayers } from "../evaluate/compared_layers.ts";
import { TEMPERATURE } from "../evaluate/knn.ts";
import { percentage } from "../evaluate/percentage.ts";
import { type Html, html } from "./html.ts";
import { chart } from "./plot.ts";
import { numberCell, row, type Section, table } from "./section.ts";

const HEADINGS = [
  "Layer",
  "Features",
  "Linear, untrained, %",
  "Linear, trained, %",
  "kNN, untrained, %",
  "kNN, trained, %",
];

/**
 * The accuracy of every layer, trained beside untrained.
 *
 * @param results `undefined` where none were measured.
 * @param classes Number of classes; absent where it is not known.
 * @param probe The command that measures them.
 */
export function layersSection(
  results: ComparedLayers | undefined,
  classes: number | undefined,
  probe: string,
): Section {
  const section = { id: "layers", title: "Layers" };
  if (!results) {
    return {
      ...section,
      lead:
        html`The layers of this encoder have not been measured. Where images have labels, <code>${probe}</code> does.`,
    };
  }
  const { untrained, trained } = results;
  const best = bestLayer(trained);
  const rows = Object.entries(trained).map(([layer, after]) => {
    const before = untrained[layer];
    const cells = [
      String(after.width),
      withError(before.linear),
      withError(after.linear),
      percentage(before.neighbours.accuracy),
      percentage(after.neighbours.accuracy),
    ];
    return layer === best
      ? row(
        html`<b>${layer} ★</b>`,
        cells.map((cell) => numberCell(html`<b>${cell}</b>`)),
      )
      : row(layer, cells.map(numberCell));
  });
  const { linear: { images, fitted, heldOut }, neighbours } = trained[best];
  const { neighbours: voters, bank, temperature = TEMPERATURE } = neighbours;
  return {
    ...section,
    lead:
      `How many of ${images} test images a linear classifier gets right by the features of each layer: filled as trained, hollow as initialised. Good: the filled dots lie well to the right, beyond twice the standard error (±). A layer where they fall together has learned nothing about the classes. ★ did best on held-out images, without regard to the test images.`,
    body: html`
      <figure class="wide">${drawLayers(results, classes)}</figure>
      ${table("Accuracy of each layer", HEADINGS, rows)}
      <p class="note">
        Linear: logistic regression on ${fitted} images; ${heldOut} more chose its
        penalty and ★. kNN: the ${voters} nearest of ${bank} images by cosine vote on
        ${neighbours
          .images}, with weights exp(cos / ${temperature}). For a firmer measurement with all images:
        <code>${probe}</code>.
      </p>
    `,
  };
}

function drawLayers(
  { untrained, trained }: ComparedLayers,
  classes: number | undefined,
): Html {
  const layers = Object.keys(trained);
  const rows = layers.map((layer) => ({
    layer,
    before: 100 * untrained[layer].linear.accuracy,
    after: 100 * trained[layer].linear.accuracy,
  }));
  const chance = classes === undefined ? [] : [100 / classes];
  return chart(
    `Accuracy of linear classifiers on ${layers.length} layers: ` +
      rows.map(({ layer, before, after }) =>
        `${layer} ${before.toFixed(1)} untrained, ${after.toFixed(1)} trained`
      ).join("; "),
    [
      ruleX(chance, { strokeDasharray: "2 3", strokeOpacity: 0.6 }),
      link(rows, {
        x1: "before",
        x2: "after",
        y1: "layer",
        y2: "layer",
        stroke: "var(--line-1)",
        strokeWidth: 2,
        strokeOpacity: 0.5,
      }),
      dot(rows, {
        x: "before",
        y: "layer",
        r: 3.6,
        stroke: "currentColor",
        fill: "var(--card)",
      }),
      dot(rows, { x: "after", y: "layer", r: 4, fill: "var(--line-1)" }),
    ],
    {
      width: 420,
      style: { fontSize: "10.5px" },
      height: 52 + 21 * layers.length,
      marginLeft: 76,
      marginRight: 16,
      x: { label: "% right (dotted: chance)", grid: true, nice: true },
      y: { label: null, domain: layers, tickSize: 0 },
    },
  );
}

function withError({ accuracy, standardError }: Accuracy): string {
  return `${percentage(accuracy)} ± ${percentage(standardError)}`;
}
