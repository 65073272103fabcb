import { z } from "zod";
import { readSettings } from "../config/loader.ts";
import { resolveConfig } from "../config/resolve.ts";
import {
  finetuneSchema,
  type FinetuneSettings,
} from "../finetune/finetune_config.ts";
import { UserError } from "../../engine/user_error.ts";

/** A row of an experiment's table. */
export interface Row {
  /** The preset that it begins with, instead of the experiment's. */
  readonly preset?: string;
  /** Settings over those of the experiment. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How many labelled images the layers are measured with. */
export interface ProbeCounts {
  /** Images that classifiers are fitted to, at most; all by default. */
  readonly train: number;
  /** Images that are classified, at most; all by default. */
  readonly test: number;
}

/** A question, and the runs that answer it. */
export interface Experiment {
  /** Heads the table. */
  readonly title: string;
  /** What it is to find out. */
  readonly question: string;
  /** The preset that all runs begin with. */
  readonly preset?: string;
  /** Settings of all runs, over the preset's. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The lines of the table by name. */
  readonly rows: Readonly<Record<string, Row>>;
  /** Values of further settings, by `path.to.key`: every row is run with every combination. */
  readonly axes: Readonly<Record<string, readonly unknown[]>>;
  /** Every combination is run with each of these. */
  readonly seeds: readonly number[];
  /**
   * How long each run pretrains on this machine, in minutes: `steps` follows from the time that some
   * of them take, and `warmupSteps` is a tenth of them at most. Without it, `steps` is a setting
   * like others.
   */
  readonly minutes?: number;
  /** How layers are measured; `null` leaves it out. */
  readonly probe: ProbeCounts | null;
  /** Settings of the fine-tunings of each run, by the name of their column. */
  readonly finetune: Readonly<Record<string, FinetuneSettings>>;
}

const settings = z.record(z.string(), z.unknown());
const count = z.int().min(2).default(Number.MAX_SAFE_INTEGER);

const schema = z.strictObject({
  title: z.string().min(1),
  question: z.string().min(1),
  preset: z.string().min(1).optional(),
  settings: settings.prefault({}),
  rows: z.record(
    z.string().min(1),
    z.strictObject({
      preset: z.string().min(1).optional(),
      settings: settings.prefault({}),
    }),
  ),
  axes: z.record(z.string().min(1), z.array(z.unknown()).min(1)).prefault({}),
  seeds: z.array(z.int().min(0).max(2 ** 32 - 1)).min(1).default([0]),
  minutes: z.number().positive().optional(),
  probe: z.strictObject({ train: count, test: count }).nullable().prefault({}),
  finetune: z.record(z.string().min(1), finetuneSchema).prefault({}),
});

/**
 * Reads the file of an experiment: JSON, comments and trailing commas allowed.
 *
 * @throws {UserError} It cannot be read, or something in it is unknown or wrong.
 */
export async function readExperiment(path: string): Promise<Experiment> {
  const contents = await readSettings(path);
  try {
    return resolveConfig(schema, [contents]);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${path}: ${error.message}`);
  }
}
