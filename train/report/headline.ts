import { bestLayer, type ComparedLayers } from "../evaluate/compared_layers.ts";
import { percentage } from "../evaluate/percentage.ts";
import type { TermName } from "../../losses/registry.ts";
import type { Config } from "../config/config.ts";
import { modelKind } from "../models/registry.ts";
import type { MetricsRecord } from "../run/metrics_file.ts";
import { type Html, html } from "./html.ts";
import { retrievalTask, termsByWeight } from "./indicators.ts";
import { percent } from "./numbers.ts";

/** What the headline is made from. */
export interface HeadlineFacts {
  /** The run's config. */
  readonly config: Config;
  /** What the layers say; absent where it was not measured. */
  readonly layers?: ComparedLayers;
  /** What was measured at the step of the encoder, or last before it. */
  readonly record?: MetricsRecord;
  /** How many processes took that step; absent where that is not known. */
  readonly processes?: number;
}

/** The numbers that matter most: linear accuracy, retrieval, effective rank; those that there are. */
export function headline(
  { config, layers, record, processes }: HeadlineFacts,
): Html {
  const tiles = [
    layers && accuracyTile(layers),
    record && retrievalTile(record, config, processes),
    record && rankTile(record, config),
  ].filter((tile) => tile !== undefined);
  if (tiles.length === 0) return html``;
  return html`<dl class="tiles">${tiles}</dl>`;
}

function tile(name: string, value: string, unit: string, text: string): Html {
  return html`
    <div>
      <dt>${name}</dt>
      <dd><strong>${value}<small>${unit}</small></strong><span>${text}</span></dd>
    </div>
  `;
}

function accuracyTile({ trained, untrained }: ComparedLayers): Html {
  const [after, before] = [bestLayer(trained), bestLayer(untrained)];
  const { accuracy, standardError } = trained[after].linear;
  const reference = untrained[before].linear;
  const points = 100 * (accuracy - reference.accuracy);
  const error = 100 * Math.hypot(standardError, reference.standardError);
  return tile(
    "Linear accuracy",
    percentage(accuracy),
    "\u00a0%",
    `of the best layer, ${after}, against ${
      percent(reference.accuracy)
    } of the best untrained one, ${before}: ${points >= 0 ? "+" : "−"}${
      Math.abs(points).toFixed(1)
    } ± ${error.toFixed(1)} points`,
  );
}

function retrievalTile(
  record: MetricsRecord,
  config: Config,
  processes?: number,
): Html | undefined {
  const found = measured(record, config, "retrieval");
  if (!found) return undefined;
  const task = retrievalTask(found.term, config, processes);
  return tile(
    "Retrieval",
    percentage(found.value),
    "\u00a0%",
    task
      ? `${task.sentence}; by chance it would be ${percent(task.chance)}`
      : `of ${found.term}`,
  );
}

function rankTile(record: MetricsRecord, config: Config): Html | undefined {
  const found = measured(record, config, "effectiveRank");
  if (!found) return undefined;
  const { width } = modelKind(config.model).compared(config.model);
  return tile(
    "Effective rank",
    found.value.toFixed(1),
    width === undefined ? "" : ` of ${width}`,
    "dimensions in use by the representations; near 1 they have collapsed",
  );
}

/** A measurement of the weightiest term that has it. */
function measured(
  record: MetricsRecord,
  config: Config,
  metric: string,
): { readonly term: TermName; readonly value: number } | undefined {
  for (const { name: term } of termsByWeight(config)) {
    const value = record[`${term}.${metric}`];
    if (typeof value === "number") return { term, value };
  }
  return undefined;
}
