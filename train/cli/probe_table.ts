import type { Accuracy } from "../evaluate/accuracy.ts";
import { bestLayer, type ComparedLayers } from "../evaluate/compared_layers.ts";
import { TEMPERATURE } from "../evaluate/knn.ts";
import { percentage } from "../evaluate/percentage.ts";

/**
 * The accuracies of every layer, at least one, as a table of at most 80 columns, and beneath it how
 * they were measured. A star marks the layer whose linear classifier does best on the held-out
 * images: a choice in which the test images have no part.
 */
export function probeTable({ untrained, trained }: ComparedLayers): string {
  const best = bestLayer(trained);
  const rows = Object.entries(trained).map(([layer, after]) => [
    layer,
    String(after.width),
    withError(untrained[layer].linear),
    withError(after.linear) + (layer === best ? " *" : "  "),
    percentage(untrained[layer].neighbours.accuracy),
    percentage(after.neighbours.accuracy),
  ]);
  const { linear, neighbours } = trained[best];
  const { temperature = TEMPERATURE } = neighbours;
  return [
    ...alignColumns([
      ["", "", "linear", "linear  ", "kNN", "kNN"],
      ["layer", "width", "untrained", "trained  ", "untrained", "trained"],
      ...rows,
    ]),
    "",
    `linear: % of ${linear.images} test images, ± standard error; logistic regression on the`,
    `        features of ${linear.fitted} images; ${linear.heldOut} more chose its penalty and the best layer *`,
    `kNN: % of ${neighbours.images} test images; ${neighbours.neighbours} nearest of ${neighbours.bank} by cosine, ` +
    `weights exp(cos / ${temperature})`,
  ].join("\n");
}

/** Pads the cells so that columns align: the first to the left, the others to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  );
}

function withError({ accuracy, standardError }: Accuracy): string {
  return `${percentage(accuracy)} ± ${percentage(standardError)}`;
}
