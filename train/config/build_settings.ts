/**
 * Writes docs/settings.md, the list of all settings: what they can be from the schemas, what they mean
 * from the docstrings of `Config` and `FinetuneConfig` and their parts, and what each preset sets.
 * `--check` only says whether it is up to date.
 */
import ts from "npm:typescript@~5.9.3";
import { fileURLToPath } from "node:url";
import { finetuneSchema } from "../finetune/finetune_config.ts";
import { configSchema } from "./config.ts";
import { presets } from "./presets/mod.ts";
import { isObject, type ObjectSchema } from "./schema.ts";
import { type Setting, settingsOf } from "./settings.ts";

const page = new URL("../../docs/settings.md", import.meta.url);

const INTRODUCTION =
  `What \`--set KEY=VALUE\`, a file for \`--config\` and an experiment can set. In
parentheses is what a setting can be, and what it is by default; a preset lays
[its own settings](#presets) over these. This list is made by \`deno task build\`.`;

const FINETUNE_INTRODUCTION =
  `What an entry of an experiment's \`finetune\` can set. \`deno task finetune\` has
options for some of these, and takes the defaults of the others.`;

const PRESETS_INTRODUCTION =
  `What \`--preset NAME\` sets; all else is as it is by default above.`;

/** The page that the schemas, the docstrings and the presets give. */
export function settingsPage(): string {
  const run = itemsOf(configSchema, "./config.ts", "Config");
  const finetune = itemsOf(
    finetuneSchema,
    "../finetune/finetune_config.ts",
    "FinetuneConfig",
  );
  const sections = Map.groupBy(run, ([, settings]) => headingOf(settings));
  return [
    "# Settings",
    INTRODUCTION,
    ...[...sections].flatMap(([heading, items]) => [heading, listOf(items)]),
    "## Of a fine-tuning",
    FINETUNE_INTRODUCTION,
    listOf(finetune),
    "## Presets",
    PRESETS_INTRODUCTION,
    Object.entries(presets).map(([name, { description, config }]) =>
      wrap(`- \`${name}\`, ${description}: ${assignmentsOf(config).join(", ")}`)
    ).join("\n"),
  ].join("\n\n") + "\n";
}

/** A line of the list, and the settings that it is about. */
type Item = readonly [item: string, settings: readonly Setting[]];

/** The settings of a schema; what several members of a union have alike is listed once. */
function itemsOf(schema: ObjectSchema, file: string, type: string): Item[] {
  const meaningOf = readMeanings(file, type);
  return [
    ...Map.groupBy(
      settingsOf(schema),
      (setting) => itemOf(setting, meaningOf(setting)),
    ),
  ];
}

function listOf(items: readonly Item[]): string {
  return items.map(([item]) => item).join("\n");
}

/** What is set, as it is written after `--set`. */
function assignmentsOf(value: unknown, path: readonly string[] = []): string[] {
  // an empty object is a part with its defaults, where there may be none
  if (!isObject(value) || Object.keys(value).length === 0) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [`\`${path.join(".")}=${text}\``];
  }
  return Object.entries(value).flatMap(([key, child]) =>
    assignmentsOf(child, [...path, key])
  );
}

function headingOf(settings: readonly Setting[]): string {
  const choices = settings.map(({ within }) =>
    within.map((choice) => `\`${choice}\``).join(" and ")
  );
  return choices[0] ? `## With ${choices.join(" or ")}` : "## Of every run";
}

function itemOf(setting: Setting, meaning: string): string {
  const { path, values, isRequired } = setting;
  const fallback = setting.default === undefined
    ? isRequired ? "must be given" : "may be left out"
    : `\`${setting.default}\` by default`;
  return wrap(`- \`${path}\` (${values}; ${fallback}): ${meaning}`);
}

/** Breaks the text of a list item into lines of at most 80 characters, but no code. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    const line = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && line.length <= 80) lines[lines.length - 1] = line;
    else lines.push(lines.length > 0 ? `  ${word}` : word);
  }
  return lines.join("\n");
}

/** Reads the docstrings of a type, which a module exports, and of what it is made of. */
function readMeanings(
  relative: string,
  name: string,
): (setting: Setting) => string {
  const file = fileURLToPath(new URL(relative, import.meta.url));
  const program = ts.createProgram([file], {
    allowImportingTsExtensions: true,
    noEmit: true,
    lib: ["lib.es5.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  const config = checker.getExportsOfModule(module)
    .find((symbol) => symbol.name === name)!;

  /** The members of a union, of which `name` says which is which, or the type itself. */
  const membersOf = (type: ts.Type): readonly ts.Type[] =>
    type.isUnion() ? type.types : [type];

  const isChosen = (type: ts.Type, name: string | undefined): boolean => {
    const property = name && type.getProperty("name");
    if (!property) return true;
    const literal = checker.getTypeOfSymbol(property);
    return literal.isStringLiteral() && literal.value === name;
  };

  return ({ path, within }) => {
    const chosen = new Map(within.map((choice) => {
      const [key, name] = choice.split("=");
      return [key, name];
    }));
    // a name chooses what the object is about that it belongs to
    const keys = path.replace(/\.name$/, "").split(".");
    let type = checker.getDeclaredTypeOfSymbol(config);
    let meaning = "";
    for (const [depth, key] of keys.entries()) {
      const name = chosen.get([...keys.slice(0, depth), "name"].join("."));
      const owner = membersOf(checker.getNonNullableType(type))
        .find((member) => isChosen(member, name));
      const property = owner?.getProperty(key);
      if (!property) throw new Error(`${path} is not in ${name}`);
      meaning = ts.displayPartsToString(
        property.getDocumentationComment(checker),
      );
      type = checker.getTypeOfSymbol(property);
    }
    if (meaning === "") throw new Error(`${path} has no docstring`);
    return meaning.replace(/\{@linkcode (\w+)\}/g, "`$1`")
      .replace(/\s+/g, " ");
  };
}

if (import.meta.main) {
  // first, for the compiler takes a source that it may not read for an empty one
  const present = await Deno.readTextFile(page);
  const text = settingsPage();
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(page, text);
  else if (present !== text) {
    console.error("docs/settings.md is not up to date: run deno task build");
    Deno.exit(1);
  }
}
