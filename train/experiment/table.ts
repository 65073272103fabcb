import { mean, sampleStandardDeviation } from "simple-statistics";
import type { Accuracy } from "../evaluate/accuracy.ts";
import type { LayerResults } from "../evaluate/probe.ts";
import { bestLayer } from "../evaluate/compared_layers.ts";
import { TEMPERATURE } from "../evaluate/knn.ts";
import { percentage } from "../evaluate/percentage.ts";
import { csvRow } from "../export/csv.ts";
import type { Experiment } from "./experiment_file.ts";
import { failuresOf, type FinishedCell } from "./finished_cell.ts";
import type { CellResult } from "./run_cell.ts";

/** The cells of all seeds that share a row and a combination of the axes' values. */
interface Group {
  /** The row's name, then the values. */
  readonly labels: readonly string[];
  readonly results: readonly CellResult[];
}

const ENCODERS = ["untrained", "trained"] as const;

const HEADER = [
  "row",
  "seed",
  "axes",
  "measure",
  "of",
  "encoder",
  "steps",
  "accuracy",
  "standard error",
  "images",
];

/** Every accuracy of every run, a line each. */
export function experimentCsv(cells: readonly FinishedCell[]): string {
  const lines = cells.flatMap(({ cell, result }) =>
    typeof result === "string" ? [] : accuraciesOf(result).map((
      { measure, of, encoder, accuracy: { accuracy, standardError, images } },
    ) => [
      cell.row,
      cell.config.seed,
      JSON.stringify(cell.axes),
      measure,
      of,
      encoder,
      result.steps,
      accuracy,
      standardError,
      images,
    ])
  );
  return [HEADER, ...lines].map(csvRow).join("");
}

interface NamedAccuracy {
  /** How it was measured. */
  readonly measure: "linear" | "kNN" | "finetune";
  /** The layer, or the column of the fine-tuning. */
  readonly of: string;
  /** Empty for a fine-tuning, whose settings say what it began with. */
  readonly encoder: "untrained" | "trained" | "";
  readonly accuracy: Accuracy;
}

function accuraciesOf({ layers, finetuned }: CellResult): NamedAccuracy[] {
  const ofLayers = layers &&
    ENCODERS.flatMap((encoder) =>
      Object.entries(layers[encoder]).flatMap<NamedAccuracy>(([of, layer]) => [
        { measure: "linear", of, encoder, accuracy: layer.linear },
        { measure: "kNN", of, encoder, accuracy: layer.neighbours },
      ])
    );
  const ofFinetuned = Object.entries(finetuned).map<NamedAccuracy>((
    [of, accuracy],
  ) => ({ measure: "finetune", of, encoder: "", accuracy }));
  return [...ofLayers ?? [], ...ofFinetuned];
}

/**
 * The experiment as a Markdown page: its question, a line for each row and combination, the layers
 * apart, what failed, and how it was measured.
 *
 * @param command What to type to repeat it.
 */
export function experimentMarkdown(
  experiment: Experiment,
  cells: readonly FinishedCell[],
  command: string,
): string {
  const groups = groupsOf(cells);
  const failures = cells.flatMap(failuresOf).map((line) => `- ${line}`);
  return [
    `# ${experiment.title}`,
    experiment.question,
    summaryTable(experiment, groups),
    ...layersSection(groups),
    ...(failures.length > 0 ? ["## Failed", failures.join("\n")] : []),
    "## How it was measured",
    explanation(groups),
    `    ${command}`,
  ].join("\n\n") + "\n";
}

function groupsOf(cells: readonly FinishedCell[]): Group[] {
  const groups = new Map<string, Group & { results: CellResult[] }>();
  for (const { cell: { row, axes }, result } of cells) {
    const labels = [row, ...Object.values(axes).map((value) => display(value))];
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, results: [] };
    if (typeof result !== "string") group.results.push(result);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function summaryTable(
  { axes, minutes, probe, finetune }: Experiment,
  groups: readonly Group[],
): string {
  const columns: Record<string, (results: readonly CellResult[]) => string> = {
    ...(minutes !== undefined && {
      steps: (results) => several(results.map(({ steps }) => String(steps))),
    }),
    ...(probe && {
      "untrained": (results) =>
        percent(results.map(({ layers }) => best(layers?.untrained))),
      "pretrained": (results) =>
        percent(results.map(({ layers }) => best(layers?.trained))),
      "best layer": (results) =>
        several(
          results.flatMap(({ layers }) =>
            layers ? [bestLayer(layers.trained)] : []
          ),
        ),
    }),
    ...Object.fromEntries(
      Object.keys(finetune).map((name) => [
        name,
        (results: readonly CellResult[]) =>
          percent(results.map(({ finetuned }) => finetuned[name])),
      ]),
    ),
    seeds: seedCount,
  };
  const header = ["", ...Object.keys(axes), ...Object.keys(columns)];
  const rows = groups.map(({ labels, results }) => [
    ...labels,
    ...Object.values(columns).map((column) => column(results)),
  ]);
  return markdownTable([header, ...rows]);
}

/** Such as `3`, or `3 (tuned 2)` where a fine-tuning of the column `tuned` failed. */
function seedCount(results: readonly CellResult[]): string {
  const columns = new Set(
    results.flatMap(({ failed }) => Object.keys(failed)),
  );
  const fewer = [...columns].map((column) =>
    `${column} ${results.filter(({ finetuned }) => finetuned[column]).length}`
  );
  return results.length + (fewer.length > 0 ? ` (${fewer.join(", ")})` : "");
}

/** Each of them once. */
function several(values: readonly string[]): string {
  return [...new Set(values)].join(", ");
}

/** Rows are layers, columns the runs. */
function layersSection(groups: readonly Group[]): string[] {
  const measured = groups.filter(({ results }) =>
    results.some(({ layers }) => layers)
  );
  const names = new Set(
    measured.flatMap(({ results }) =>
      results.flatMap(({ layers }) => Object.keys(layers?.trained ?? {}))
    ),
  );
  if (names.size === 0) return [];
  const rows = [...names].map((name) => [
    name,
    ...measured.map(({ results }) => {
      const [trained, untrained] = (["trained", "untrained"] as const).map((
        encoder,
      ) =>
        results.flatMap(({ layers }) => layers?.[encoder][name]?.linear ?? [])
      );
      return trained.length === 0
        ? ""
        : `${percent(trained)} (${meanPercent(untrained)})`;
    }),
  ]);
  const header = ["layer", ...measured.map(({ labels }) => labels.join(" "))];
  return [
    "## Each layer",
    "Pretrained, and in brackets untrained.",
    markdownTable([header, ...rows]),
  ];
}

function explanation(groups: readonly Group[]): string {
  const results = groups.flatMap(({ results }) => results);
  const layers = results.flatMap(({ layers }) =>
    layers ? Object.values(layers.trained) : []
  );
  const linear = layers.map(({ linear }) => linear);
  const kNN = layers.map(({ neighbours }) => ({
    temperature: TEMPERATURE,
    ...neighbours,
  }));
  const tuned = results.flatMap(({ finetuned }) => Object.values(finetuned));
  const sentences: string[] = [];
  if (layers.length > 0) {
    sentences.push(
      `Untrained, pretrained and each layer: percent of ${
        distinct(linear, "images")
      } test images that a linear classifier on frozen features gets right, fitted to ${
        distinct(linear, "fitted")
      } images; ${
        distinct(linear, "heldOut")
      } more chose its penalty and the best layer.`,
      `kNN, in results.csv: percent of ${
        distinct(kNN, "images")
      } test images on which the ${distinct(kNN, "neighbours")} nearest of ${
        distinct(kNN, "bank")
      } images by cosine vote for the right class, with weights exp(cos / ${
        distinct(kNN, "temperature")
      }).`,
    );
  }
  if (tuned.length > 0) {
    sentences.push(
      `Fine-tuning: percent of ${
        distinct(tuned, "images")
      } test images, after training on ${distinct(tuned, "fitted")}; ${
        distinct(tuned, "heldOut")
      } more chose the step.`,
    );
  }
  sentences.push(
    "± is the standard deviation over seeds; where there is one, the standard error by the number of test images.",
  );
  return sentences.join(" ");
}

/** Such as `50`, or `50 or 2000` where runs or columns differ. */
function distinct<Key extends string>(
  results: readonly Readonly<Record<Key, number>>[],
  key: Key,
): string {
  const values = new Set(results.map((result) => result[key]));
  return [...values].sort((a, b) => a - b).join(" or ");
}

function best(layers: LayerResults | undefined): Accuracy | undefined {
  return layers && layers[bestLayer(layers)].linear;
}

/** Such as `47.1 ± 0.8`; empty where nothing was measured. */
function percent(results: readonly (Accuracy | undefined)[]): string {
  const measured = results.filter((result) => result !== undefined);
  if (measured.length === 0) return "";
  const spread = measured.length > 1
    ? sampleStandardDeviation(measured.map(({ accuracy }) => accuracy))
    : measured[0].standardError;
  return `${meanPercent(measured)} ± ${percentage(spread)}`;
}

function meanPercent(results: readonly Accuracy[]): string {
  return percentage(mean(results.map(({ accuracy }) => accuracy)));
}

function display(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The first row is the header; columns are padded so that the text can be read as it is. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|"))
  );
  const widths = escaped[0].map((_, column) =>
    Math.max(...escaped.map((row) => row[column].length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const [header, ...body] = escaped.map(line);
  return [header, line(widths.map((width) => "-".repeat(width))), ...body]
    .join("\n");
}
