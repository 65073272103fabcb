import { gridY, line, ruleX } from "@observablehq/plot";
import { terms } from "../../losses/registry.ts";
import type { Config } from "../config/config.ts";
import type { MetricsRecord } from "../run/metrics_file.ts";
import { type Html, html } from "./html.ts";
import {
  type Indicator,
  retrievalTask,
  STEP_INDICATORS,
  TERM_INDICATORS,
  termsByWeight,
} from "./indicators.ts";
import { percent, short } from "./numbers.ts";
import { chart } from "./plot.ts";
import type { Section } from "./section.ts";

/** Points of a curve; more records are averaged. */
const MAX_POINTS = 200;

/** A measurement at a step. */
interface Point {
  readonly step: number;
  readonly value: number;
}

/** A line of a chart. */
interface Series {
  readonly name: string;
  readonly label?: string;
  readonly points: readonly Point[];
  /** The value of the last record, not averaged. */
  readonly last: number;
}

/**
 * Curves of all that was measured while training.
 *
 * @param step The step of the encoder that the report is about; marked where training went on.
 * @param processes How many took the steps; absent where that is not known.
 */
export function curvesSection(
  records: readonly MetricsRecord[],
  config: Config,
  step: number,
  processes?: number,
): Section {
  const section = { id: "curves", title: "Training" };
  const names = namesOf(records);
  if (names.length === 0) {
    return { ...section, lead: "No measurements were recorded." };
  }
  const drawn = new Set<string>();
  const draw = (indicator: Indicator, prefix: string) =>
    indicatorChart(indicator, prefix, records, names, step, drawn);
  const groups = [
    {
      title: "The step as a whole",
      charts: STEP_INDICATORS.map((i) => draw(i, "")),
    },
    ...termsByWeight(config).map(({ name, weight }) => ({
      title: `${terms[name].title}, weight ${weight}`,
      charts: TERM_INDICATORS.map((indicator) => {
        const task = indicator.metrics[0] === ".retrieval" &&
          retrievalTask(name, config, processes);
        const hint = task
          ? `${indicator.hint} By chance: ${percent(task.chance)}.`
          : indicator.hint;
        return draw({ ...indicator, hint }, name);
      }),
    })),
  ];
  const others = names.filter((name) => !drawn.has(name)).map((name) =>
    draw({ metrics: [name], title: name, hint: "" }, "")
  );
  const body = [...groups, { title: "Further measurements", charts: others }]
    .map(({ title, charts }) => ({
      title,
      charts: charts.filter((chart) => chart !== undefined),
    }))
    .filter(({ charts }) => charts.length > 0)
    .map(({ title, charts }) =>
      html`
        <h3>${title}</h3>
        <div class="charts">${charts}</div>
      `
    );
  const averaged = records.length > MAX_POINTS
    ? ` A point of a curve is the mean of ${
      recordsPerPoint(records)
    } records; the number beside the heading is the last.`
    : " The number beside the heading is the last.";
  return {
    ...section,
    lead:
      `Curves over the steps. Good: the losses fall, retrieval rises, the effective rank stays well above 1. Bad: a loss that stands still from the start, or representations that collapse.${averaged}`,
    body: html`${body}`,
  };
}

/** A chart of the measurements of an indicator that there are; `undefined` if there is none. */
function indicatorChart(
  { metrics, lines, title, hint }: Indicator,
  prefix: string,
  records: readonly MetricsRecord[],
  names: readonly string[],
  step: number,
  drawn: Set<string>,
): Html | undefined {
  const series = metrics.map((metric, i): Series => {
    const name = prefix + metric;
    const points = pointsOf(records, name);
    return {
      name,
      label: lines?.[i],
      points: thin(points, recordsPerPoint(records)),
      last: points.at(-1)?.value ?? NaN,
    };
  }).filter(({ name }) => names.includes(name));
  if (series.length === 0) return undefined;
  series.forEach(({ name }) => drawn.add(name));
  const values = series.map(({ label, last }, i) => {
    const value = html`<b>${short(last)}</b>`;
    if (label === undefined) return value;
    const stroke = html`<span class="line-${i + 1}">${STROKES[i]}</span>`;
    return html`
      <span class="value">${stroke} ${value} ${label}</span>
    `;
  });
  const label = `${prefix} ${title}`.trim() + ": " +
    series.map(({ label, points, last }) =>
      `${label ? `${label} ` : ""}from ${short(points[0]?.value ?? NaN)} to ${
        short(last)
      }`
    ).join(", ");
  const svg = draw(label, series, records, step);
  return html`
    <figure>
      <figcaption>
        <span class="name">${title}</span> <span class="last">${values}</span>
      </figcaption>
      ${svg}
      <p>${hint}</p>
    </figure>
  `;
}

/** How the lines of a chart are told apart where colours are not. */
const DASHES = ["", "5 3", "2 2", "8 3 2 3"];
/** The same as text. */
const STROKES = ["—", "╌", "┈", "-·"];

function draw(
  label: string,
  series: readonly Series[],
  records: readonly MetricsRecord[],
  step: number,
): Html {
  const lastStep = records.at(-1)?.step ?? step;
  return chart(label, [
    gridY({ ticks: 4 }),
    step < lastStep ? ruleX([step], { strokeDasharray: "2 3" }) : undefined,
    ...series.map(({ points }, i) =>
      line(points, {
        x: "step",
        y: "value",
        stroke: `var(--line-${i + 1})`,
        strokeWidth: 1.75,
        strokeDasharray: DASHES[i],
      })
    ),
  ], {
    width: 320,
    height: 150,
    marginTop: 8,
    marginBottom: 24,
    marginLeft: 46,
    marginRight: 12,
    x: { label: null, ticks: 4, tickFormat: "~s" },
    y: { label: null, ticks: 4, tickFormat: short, tickSize: 0, nice: true },
  });
}

/** The names of all numbers but the step. */
function namesOf(records: readonly MetricsRecord[]): string[] {
  const names = new Set<string>();
  for (const { step: _, ...measured } of records) {
    for (const [name, value] of Object.entries(measured)) {
      if (typeof value === "number") names.add(name);
    }
  }
  return [...names];
}

function pointsOf(records: readonly MetricsRecord[], name: string): Point[] {
  return records.flatMap(({ step, [name]: value }) =>
    typeof value === "number" ? [{ step, value }] : []
  );
}

function recordsPerPoint(records: readonly MetricsRecord[]): number {
  return Math.ceil(records.length / MAX_POINTS);
}

/** The means of so many consecutive points each, at the step of the last; what is not finite stays so. */
function thin(points: readonly Point[], count: number): Point[] {
  if (count <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / count) }, (_, i) => {
    const part = points.slice(i * count, (i + 1) * count);
    const sum = part.reduce((sum, { value }) => sum + value, 0);
    return { step: part.at(-1)!.step, value: sum / part.length };
  });
}
