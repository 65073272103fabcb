import { UserError } from "../../engine/user_error.ts";
import { type Config, newConfigSchema } from "../config/config.ts";
import { findPreset, settingAt } from "../config/loader.ts";
import { combineSettings } from "../config/merge.ts";
import { presets } from "../config/presets/mod.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { Experiment } from "./experiment_file.ts";
import { checkFolderNames, folderName } from "./folder_name.ts";

/** A run of an experiment. */
export interface Cell {
  /** Row, values and seed in words. */
  readonly label: string;
  /** Names its folder. */
  readonly name: string;
  /** The row of the table that it belongs to. */
  readonly row: string;
  /** The values of the experiment's axes, by `path.to.key`. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** All settings; the seed is among them. */
  readonly config: Config;
}

/**
 * The runs of an experiment: first all of the first seed, so that a table can be read early.
 *
 * @throws {UserError} if there is none, settings are wrong or would be overridden, two would have the
 * same folder, or a name is not fit for one.
 */
export function cellsOf(experiment: Experiment): Cell[] {
  const { rows, axes, seeds, finetune } = experiment;
  checkDecided(experiment);
  const cells = seeds.flatMap((seed) =>
    Object.keys(rows).flatMap((row) =>
      combinations(axes).map((values) => cellOf(experiment, row, values, seed))
    )
  );
  if (cells.length === 0) {
    throw new UserError("the experiment has no rows; give it at least one");
  }
  checkFolderNames(cells.map(({ label }) => label));
  checkFolderNames(Object.keys(finetune));
  return cells;
}

/** @throws {UserError} if something is set that `seeds` or `minutes` decides. */
function checkDecided({ settings, rows, axes, minutes }: Experiment): void {
  const places = new Map<string, object>([
    ["settings", settings],
    ...Object.entries(rows).map(([row, { settings }]) =>
      [`row ${JSON.stringify(row)}`, settings] as const
    ),
    ["axes", axes],
  ]);
  for (const [place, chosen] of places) {
    if (Object.hasOwn(chosen, "seed")) {
      throw new UserError(
        `seed is set in ${place}, where seeds would override it; list it in seeds instead`,
      );
    }
    if (minutes !== undefined && Object.hasOwn(chosen, "steps")) {
      throw new UserError(
        `steps is set in ${place}, where minutes would override it; remove one of the two`,
      );
    }
  }
}

function cellOf(
  { preset, settings, rows }: Experiment,
  row: string,
  axes: Readonly<Record<string, unknown>>,
  seed: number,
): Cell {
  const chosen = rows[row].preset ?? preset;
  const layers = [
    chosen === undefined ? {} : findPreset(presets, chosen).config,
    settings,
    rows[row].settings,
    combineSettings(
      Object.entries(axes).map(([path, value]) => settingAt(path, value)),
    ),
    { seed },
  ];
  const parts = Object.entries(axes).map(([path, value]) =>
    `${path.split(".").at(-1)} ${JSON.stringify(value)}`
  );
  const label = [row, ...parts, `seed ${seed}`].join(", ");
  try {
    const config = resolveConfig(newConfigSchema, layers);
    return { label, name: folderName(label), row, axes, config };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`row ${JSON.stringify(row)}: ${error.message}`);
  }
}

/** Every choice of one value for each axis; one without values where there are no axes. */
function combinations(
  axes: Readonly<Record<string, readonly unknown[]>>,
): Readonly<Record<string, unknown>>[] {
  return Object.entries(axes).reduce<Readonly<Record<string, unknown>>[]>(
    (choices, [path, values]) =>
      choices.flatMap((choice) =>
        values.map((value) => ({ ...choice, [path]: value }))
      ),
    [{}],
  );
}
