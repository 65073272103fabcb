import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { UserError } from "../../engine/user_error.ts";
import { findDuplicateKey } from "./duplicate_key.ts";
import { combineSettings } from "./merge.ts";
import { type PartialSettings, resolveConfig } from "./resolve.ts";
import { isObject, type ObjectSchema, type Output } from "./schema.ts";
import { settingsOf } from "./settings.ts";
import { nearest } from "./nearest.ts";
import { readText } from "../../datasets/files/read_file.ts";

/** Settings under a name. */
export interface Preset<Settings> {
  /** What it is for, in a line. */
  readonly description: string;
  /** The settings that differ from the defaults. */
  readonly config: PartialSettings<Settings>;
}

/** Where settings come from, later ones over earlier ones. */
export interface ConfigSources {
  /** The name of a preset. */
  readonly preset?: string;
  /** A file of JSON, comments and trailing commas allowed. */
  readonly config?: string;
  /**
   * Single settings, `path.to.key=value`: JSON where the value parses as such, else text, as the paths
   * of files and folders always are.
   */
  readonly set?: readonly string[];
  /** Where a path among the single settings leads; it is kept as it is by default. */
  readonly resolvePath?: (path: string) => string;
}

/**
 * Reads a configuration: the schema's defaults, and over them a preset, a file and single settings.
 *
 * @param schema A `z.strictObject` of what JSON holds, without transforms.
 * @param presets The presets by name.
 * @param sources What the person chose.
 * @returns The complete configuration.
 * @throws {UserError} The preset does not exist, the file cannot be read, or settings are unknown
 * or wrong; all of these are named, a line each.
 */
export async function loadConfig<S extends ObjectSchema>(
  schema: S,
  presets: Readonly<Record<string, Preset<Output<S>>>>,
  { preset, config, set = [], resolvePath = (path) => path }: ConfigSources,
): Promise<Output<S>> {
  const layers: unknown[] = [];
  if (preset !== undefined) layers.push(findPreset(presets, preset).config);
  if (config !== undefined) layers.push(await readSettings(config));
  const paths = pathsOf(schema);
  const resolveWithin = (
    path: string,
    value: unknown,
    depth: number,
  ): unknown => {
    if (typeof value === "string") {
      return paths.has(path) ? resolvePath(value) : value;
    }
    // what is nested more deeply is refused below
    if (!isObject(value) || depth > MAX_DEPTH) return value;
    return Object.fromEntries(
      Object.entries(value).map((
        [key, inner],
      ) => [key, resolveWithin(`${path}.${key}`, inner, depth + 1)]),
    );
  };
  const settings = set.map(splitSetting).map(([path, text]) => {
    const value = parseValue(path, text);
    // a folder may be called 2024
    const isText = paths.has(path) && typeof value !== "string";
    return settingAt(path, resolveWithin(path, isText ? text : value, 0));
  });
  layers.push(combineSettings(settings));
  try {
    return resolveConfig(schema, layers);
  } catch (error) {
    const isAlone = preset === undefined && config !== undefined;
    if (!(isAlone && isMissingSettings(error))) throw error;
    throw new UserError(
      `${error.message}; without --preset ${config} must have all that has no default`,
    );
  }
}

function isMissingSettings(error: unknown): error is UserError {
  return error instanceof UserError && error.message.includes(" is missing; ");
}

/**
 * The preset of a name.
 *
 * @throws {UserError} There is none.
 */
export function findPreset<T>(
  presets: Readonly<Record<string, T>>,
  name: string,
): T {
  if (Object.hasOwn(presets, name)) return presets[name];
  const names = Object.keys(presets);
  const near = nearest(name, names);
  throw new UserError(
    `there is no preset ${JSON.stringify(name)}` +
      (near === undefined ? "" : `; did you mean ${near}?`) +
      `; the presets are ${names.join(", ")}`,
  );
}

/** More characters than any configuration has. */
const MAX_LENGTH = 2 ** 20;

/** More levels than any configuration has. */
const MAX_DEPTH = 100;

/**
 * Reads a file of JSON, comments and trailing commas allowed, that holds an object.
 *
 * @throws {UserError} It cannot be read, is not that, has a key twice, or holds far more than settings.
 */
export async function readSettings(path: string): Promise<unknown> {
  // some editors begin a file with a byte order mark
  const text = (await readText(path)).replace(/^\uFEFF/, "");
  if (text.length > MAX_LENGTH) {
    throw new UserError(
      `${path} is too long for settings: it has more than ${MAX_LENGTH} characters`,
    );
  }
  if (depthOf(text) > MAX_DEPTH) {
    throw new UserError(
      `${path} is nested too deeply for settings: in more than ${MAX_DEPTH} levels`,
    );
  }
  const errors: ParseError[] = [];
  const settings: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) {
    const [{ error, offset }] = errors;
    const lines = text.slice(0, offset).split("\n");
    const problem = printParseErrorCode(error).replace(/(?<!^)[A-Z]/g, " $&")
      .toLowerCase();
    throw new UserError(
      `${path} is not JSON: ${problem} at line ${lines.length}, ` +
        `column ${lines[lines.length - 1].length + 1}`,
    );
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate) {
    const { key, line } = duplicate;
    throw new UserError(
      `${path} has ${JSON.stringify(key)} a second time in the same object ` +
        `at line ${line}; rename or remove one of them`,
    );
  }
  if (!isObject(settings)) {
    throw new UserError(`${path} must hold an object of settings, { ... }`);
  }
  return settings;
}

/** How deeply the objects and lists in the text of a JSON file are nested. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  // strings and comments are matched so that brackets in them are not
  const tokens = /"(?:[^"\\]|\\.)*"|\/\/.*|\/\*[^]*?\*\/|([{[])|([}\]])/g;
  for (const [, opening, closing] of text.matchAll(tokens)) {
    if (opening) deepest = Math.max(deepest, ++depth);
    if (closing) depth--;
  }
  return deepest;
}

/**
 * `a.b` and 1 make `{ a: { b: 1 } }`.
 *
 * @throws {UserError} The path has far more levels than a setting's.
 */
export function settingAt(path: string, value: unknown): unknown {
  const keys = path.split(".");
  if (keys.length > MAX_DEPTH) throw tooDeep(path);
  return keys.reduceRight((inner, key) => ({ [key]: inner }), value);
}

function tooDeep(setting: string): UserError {
  return new UserError(
    `${
      setting.slice(0, 40)
    }... is nested too deeply for a setting: in more than ${MAX_DEPTH} levels`,
  );
}

/** The settings that are paths of files or folders. */
function pathsOf(schema: ObjectSchema): Set<string> {
  const settings = settingsOf(schema).filter(({ isPath }) => isPath);
  return new Set(settings.map(({ path }) => path));
}

/** Turns `a.b=1` into `a.b` and `1`. */
function splitSetting(setting: string): [path: string, text: string] {
  const [, path, text] = setting.match(/^([^=]*)=(.*)$/s) ?? [];
  if (text === undefined || path.split(".").includes("")) {
    throw new UserError(
      `--set ${setting} is not of the form path.to.key=value`,
    );
  }
  if (depthOf(text) > MAX_DEPTH) throw tooDeep(setting);
  return [path, text];
}

function parseValue(path: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const duplicate = findDuplicateKey(text);
  if (!duplicate) return value;
  const key = JSON.stringify(duplicate.key);
  throw new UserError(
    `--set ${path} has ${key} a second time in the same object; remove one of them`,
  );
}
