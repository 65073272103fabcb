/**
 * Writes docs/settings.md, the list of all settings: what they can be from the schema, what they mean
 * from the docstrings of `Config` and its parts. `--check` only says whether it is up to date.
 */
import ts from "npm:typescript@~5.9.3";
import { fileURLToPath } from "node:url";
import { configSchema } from "./config.ts";
import { type Setting, settingsOf } from "./settings.ts";

const page = new URL("../../docs/settings.md", import.meta.url);

const INTRODUCTION =
  `What \`--set KEY=VALUE\`, a file for \`--config\` and an experiment can set. In
parentheses is what a setting can be, and what it is by default; a preset lays
its own settings over these. This list is made by \`deno task build\`.`;

/** The page that the schema and the docstrings give. */
export function settingsPage(): string {
  const meaningOf = readMeanings();
  // what several members of a union have alike is listed once
  const items = Map.groupBy(
    settingsOf(configSchema),
    (setting) => itemOf(setting, meaningOf(setting)),
  );
  const sections = Map.groupBy(
    items,
    ([, settings]) => headingOf(settings),
  );
  return [
    "# Settings",
    INTRODUCTION,
    ...[...sections].flatMap(([heading, items]) => [
      heading,
      items.map(([item]) => item).join("\n"),
    ]),
  ].join("\n\n") + "\n";
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
    ? isRequired ? "must be given" : "none by default"
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

/** Reads the docstrings of `Config` and what it is made of. */
function readMeanings(): (setting: Setting) => string {
  const file = fileURLToPath(new URL("./config.ts", import.meta.url));
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
    .find(({ name }) => name === "Config")!;

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
      if (!property) throw new Error(`${path} is not in the type Config`);
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
