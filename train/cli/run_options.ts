import {
  type Config,
  configSchema,
  newConfigSchema,
} from "../config/config.ts";
import { loadConfig } from "../config/loader.ts";
import { presets } from "../config/presets/mod.ts";
import { settingsOf } from "../config/settings.ts";
import { openRun } from "../run/load_run.ts";
import type { LockedRunFolder } from "../run/lock.ts";
import { createLockedRun } from "../run/run_folder.ts";
import type { Option } from "./arguments.ts";
import { projectPath, typedPath } from "./paths.ts";

/** The preset if neither a preset nor a config file is chosen. */
export const DEFAULT_PRESET = "double-view-tiny";

/** The options of commands that pretrain: what, and in which folder. */
export const runOptions = {
  preset: {
    kind: "text",
    value: "NAME",
    help: "preset to start from, see below",
  },
  config: {
    kind: "path",
    value: "FILE",
    help: "JSON file of settings that override the preset's",
  },
  set: {
    kind: "text",
    value: "KEY=VALUE",
    repeatable: true,
    help: "override a single setting",
  },
  out: {
    kind: "path",
    value: "FOLDER",
    help: "folder of the run; by default a new one in runs/",
  },
} as const satisfies Record<string, Option>;

/** What to write instead of an option that has the name of a setting. */
export function settingInstead(
  name: string,
  value: string,
): string | undefined {
  return settingsOf(configSchema).some(({ path }) => path === name)
    ? `--set ${name}=${value}`
    : undefined;
}

/** The values of {@linkcode runOptions}. */
export interface RunValues {
  readonly preset?: string;
  readonly config?: string;
  readonly set: readonly string[];
  readonly out?: string;
}

/**
 * All settings of a new run.
 *
 * @throws {UserError} as {@linkcode loadConfig}.
 */
export function readConfig(values: RunValues): Promise<Config> {
  const { config, set } = values;
  return loadConfig(newConfigSchema, presets, {
    preset: presetOf(values),
    config,
    set,
    resolvePath: typedPath,
  });
}

/**
 * Makes the folder of a new run, whose path is one that the person can type, for this process alone.
 *
 * @throws {UserError} It exists and is not empty, another process has it, or it cannot be made.
 */
export async function createRun(
  config: Config,
  values: RunValues,
): Promise<LockedRunFolder> {
  const name = presetOf(values) ?? "custom";
  const { run, lock } = await createLockedRun(name, config, values.out);
  return { run: (await openRun(projectPath(run.path))).run, lock };
}

function presetOf({ preset, config }: RunValues): string | undefined {
  return preset ?? (config === undefined ? DEFAULT_PRESET : undefined);
}
