import type { DatasetSplits } from "../../datasets/dataset.ts";
import { writeTextAtomically } from "../../datasets/files/atomic_file.ts";
import { loadImageMagick } from "../../datasets/load_image_magick.ts";
import configuration from "../../deno.json" with { type: "json" };
import type { Device } from "../../engine/devices/device.ts";
import { nearestImages } from "../evaluate/nearest_images.ts";
import { loadRun } from "../run/load_run.ts";
import { readMetrics } from "../run/metrics_file.ts";
import { quoted } from "../run/quoted.ts";
import type { RunFolder } from "../run/run_folder.ts";
import { curvesSection } from "./curves.ts";
import { describe } from "./describe.ts";
import { examine, rowsOf } from "./examine.ts";
import { headline } from "./headline.ts";
import { readLayerResults } from "./layer_results.ts";
import { layersSection } from "./layers.ts";
import { MAP_NEIGHBOURS, mapSection } from "./map.ts";
import { neighboursSection } from "./neighbours.ts";
import { page } from "./page.ts";
import { repeatSection } from "./repeat.ts";
import { retrievalSection } from "./retrieval.ts";
import { vocabularySection } from "./vocabulary.ts";

/** Pictures that a report examines by default: seconds on a processor. */
export const DEFAULT_IMAGES = 300;

/** What a report is about. */
export interface ReportTask {
  /** Where the encoder runs. */
  readonly device: Device;
  /** The run's files; the page becomes one of them. */
  readonly run: RunFolder;
  /** The images of the run. */
  readonly splits: DatasetSplits;
  /** The step of the checkpoint; the latest by default. */
  readonly step?: number;
  /** Number of pictures to look at, at most; {@linkcode DEFAULT_IMAGES} by default. */
  readonly images?: number;
  /** Stops the work; nothing is written then. */
  readonly signal?: AbortSignal;
  /** Called with the number of pictures before any is looked at. */
  readonly onStart?: (pictures: number) => void;
  /** Called with the number of pictures done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Writes a page about a run, one file that needs no other: what was measured, and what the encoder
 * makes of some pictures.
 *
 * @returns The path of the page: `report.html`, or `report-step-STEP.html` where a step was asked for.
 * @throws {UserError} if a file of the run is damaged, or files cannot be read or written.
 * @throws The reason of `signal` if it was stopped.
 */
export async function writeReport(task: ReportTask): Promise<string> {
  const { device, run, splits, images = DEFAULT_IMAGES, signal } = task;
  const loaded = await loadRun(run.path, device, task.step);
  const { config, step, processes } = loaded;
  const records = await readMetrics(run.metricsPath);
  const layers = await readLayerResults(run.path, step);
  const examined = await examine(device, loaded, splits, {
    images,
    signal,
    onStart: task.onStart,
    onProgress: task.onProgress,
  });
  const neighbours = await Array.fromAsync(
    nearestImages(device, rowsOf(examined.features), MAP_NEIGHBOURS),
  );
  signal?.throwIfAborted();
  await loadImageMagick();
  const classes = splits.test?.classNames?.length;
  const probe = `deno task probe ${quoted(run.path)}`;
  const sections = [
    layersSection(layers, classes, probe),
    neighboursSection(examined, neighbours),
    mapSection(examined, neighbours),
    retrievalSection(examined),
    await vocabularySection(device, loaded, examined),
    curvesSection(records, config, step, processes),
    repeatSection(run.path, config, processes),
  ].filter((section) => section !== undefined);
  const text = page({
    title: run.path.replace(/[/\\]+$/, "").split(/[/\\]/).at(-1) || run.path,
    about: describe(config, step, splits.unlabelled),
    headline: headline({
      config,
      layers,
      record: records.findLast((record) => record.step <= step),
      processes,
    }),
    sections,
    footer:
      `Written by DV² ${configuration.version} on ${device.description}. The ${examined.pictures.length} pictures are ${examined.source}, chosen at random.`,
  });
  const name = task.step === undefined
    ? "report.html"
    : `report-step-${step}.html`;
  const path = `${run.path}/${name}`;
  await writeTextAtomically(path, text);
  return path;
}
