import { parseArgs } from "@std/cli/parse-args";
import { UserError } from "../../engine/user_error.ts";
import { nearest } from "../config/nearest.ts";
import { typedPath } from "./paths.ts";

/** An option that is given or not. */
export interface FlagOption {
  /** It takes no value. */
  readonly kind: "flag";
  /** What it does, in a line. */
  readonly help: string;
}

/** An option that takes text. */
export interface TextOption {
  /** Text, kept as it is, or a path, relative to the folder that the person is in. */
  readonly kind: "text" | "path";
  /** What it does, in a line. */
  readonly help: string;
  /** Placeholder for the value in the help, such as `FILE`. */
  readonly value: string;
  /** The value where the option is not given. */
  readonly default?: string;
  /** Whether it may be given several times; its value is then a list. */
  readonly repeatable?: boolean;
}

/** An option that takes a number. */
export interface NumberOption {
  /** Any finite number, or a whole one. */
  readonly kind: "number" | "integer";
  /** What it does, in a line. */
  readonly help: string;
  /** Placeholder for the value in the help, such as `STEPS`. */
  readonly value: string;
  /** The value where the option is not given. */
  readonly default?: number;
}

/** An option of a command. */
export type Option = FlagOption | TextOption | NumberOption;

/** The path of what a command works on, given without an option. */
export interface Operand {
  /** Placeholder for it in the help, such as `RUN`. */
  readonly value: string;
  /** What it is, in a line. */
  readonly help: string;
}

/** A command of a program. */
export interface Command {
  /** How it is called, such as `dv2 pretrain`. */
  readonly usage: string;
  /** What it does, in a line. */
  readonly help: string;
  /** What it works on, which must be given; absent where its options say everything. */
  readonly operand?: Operand;
  /** Its options by name, without the dashes. */
  readonly options: Readonly<Record<string, Option>>;
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What to write instead of an unknown option, where that is known: `VALUE` where it has no value. */
  readonly alternative?: (name: string, value: string) => string | undefined;
}

/**
 * What an option's value is: a boolean for a flag, a list for a repeatable option, else text or a
 * number, `undefined` where it is not given and has no default.
 */
export type OptionValue<O extends Option> = O extends FlagOption ? boolean
  : O extends { repeatable: true } ? string[]
  :
    | (O extends TextOption ? string : number)
    | (O extends { default: string | number } ? never : undefined);

/** The values of a command's options by name, and its operand. */
export type OptionValues<C extends Command> =
  & { readonly [Name in keyof C["options"]]: OptionValue<C["options"][Name]> }
  & (C extends { operand: Operand } ? { readonly operand: string } : unknown);

/**
 * Reads the arguments of a command.
 *
 * @param command The command, declared `as const satisfies Command` so that values have types.
 * @param args The arguments, such as `Deno.args`.
 * @returns The value of each option and the operand, or `"help"` where `--help` or `-h` is among them.
 * @throws {UserError} An option is unknown, lacks its value, has one of another kind, or is given
 * twice though not repeatable; the operand is missing; or an argument belongs to no option.
 */
export function parseArguments<C extends Command>(
  command: C,
  args: readonly string[],
): OptionValues<C> | "help" {
  const options = Object.entries<Option>(command.options);
  const flags = options.filter(([, { kind }]) => kind === "flag").map(nameOf);
  const others = options.filter(([, { kind }]) => kind !== "flag").map(nameOf);
  const strays: string[] = [];
  const { _: rest, help, ...parsed } = parseArgs(joinNegative(args, others), {
    boolean: [...flags, "help"],
    string: others,
    collect: others,
    alias: { help: "h" },
    unknown: (argument) => {
      strays.push(argument);
      return false;
    },
  });
  if (help) return "help";
  const values = options.map((
    [name, option],
  ) => [
    name,
    option.kind === "flag"
      ? readFlag(name, args, parsed[name])
      : readValue(name, option, parsed[name]),
  ]);
  // After a lone --, arguments are read as belonging to no option.
  const unclaimed = [...strays, ...rest.map(String)];
  const position = unclaimed.findIndex((argument) => !argument.startsWith("-"));
  const [operand] = command.operand && position >= 0
    ? unclaimed.splice(position, 1)
    : [];
  for (const argument of unclaimed) reject(command, argument, args);
  if (!command.operand) return Object.fromEntries(values);
  if (!operand) {
    const { usage, operand: { value, help } } = command;
    throw new UserError(`${usage} needs ${value}: ${help}`);
  }
  return Object.fromEntries([...values, ["operand", typedPath(operand)]]);
}

/** The text that `--help` prints: usage, options, examples. */
export function helpText(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]) => [
    option.kind === "flag" ? `--${name}` : `--${name} ${option.value}`,
    option.help + remark(option),
  ]);
  rows.push(["--help", "print this help"]);
  const { operand } = command;
  if (operand) rows.unshift([operand.value, operand.help]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    command.help,
    `Usage: ${command.usage}${operand ? ` ${operand.value}` : ""} [options]`,
    [
      "Options:",
      ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    ].join("\n"),
    ["Examples:", ...command.examples.map((line) => `  ${line}`)].join("\n"),
  ].join("\n\n");
}

/** Makes `--extend -1` one argument: a number is the value of the option before it, not an option. */
function joinNegative(
  args: readonly string[],
  options: readonly string[],
): string[] {
  return args.reduce<string[]>((joined, argument) => {
    const before = joined.at(-1);
    const isValue = /^-\.?\d/.test(argument) &&
      before?.startsWith("--") && options.includes(before.slice(2));
    return isValue
      ? joined.with(-1, `${before}=${argument}`)
      : [...joined, argument];
  }, []);
}

function nameOf([name]: readonly [string, Option]): string {
  return name;
}

function readFlag(
  name: string,
  args: readonly string[],
  value: unknown,
): boolean {
  if (args.some((argument) => argument.startsWith(`--${name}=`))) {
    throw new UserError(`--${name} takes no value; write --${name} alone`);
  }
  return value === true;
}

function readValue(
  name: string,
  option: TextOption | NumberOption,
  given: unknown,
): string[] | string | number | undefined {
  // what is collected is a list, empty where the option is not given
  const texts = Array.isArray(given) ? given.map(String) : [];
  if (texts.includes("")) {
    throw new UserError(`--${name} needs a value: --${name}=${option.value}`);
  }
  if (isText(option) && option.repeatable) return texts;
  if (texts.length === 0) return option.default;
  if (texts.length > 1) {
    throw new UserError(
      `--${name} is given ${texts.length} times; give it once`,
    );
  }
  const [text] = texts;
  if (!isText(option)) return readNumber(name, option, text);
  return option.kind === "path" ? typedPath(text) : text;
}

function isText(option: Option): option is TextOption {
  return option.kind === "text" || option.kind === "path";
}

function readNumber(name: string, option: NumberOption, text: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  const fits = option.kind === "integer"
    ? Number.isSafeInteger(number)
    : Number.isFinite(number);
  if (fits) return number;
  const kind = option.kind === "integer" ? "a whole number" : "a number";
  throw new UserError(
    `--${name} must be ${kind}, not ${JSON.stringify(text)}`,
  );
}

function reject(
  command: Command,
  argument: string,
  args: readonly string[],
): never {
  const list = `${command.usage} --help lists its options`;
  if (!argument.startsWith("-")) {
    throw new UserError(
      `${
        JSON.stringify(argument)
      } belongs to no option of ${command.usage}; ${list}`,
    );
  }
  const [, name, given] = argument.match(/^-+([^=]*)=?(.+)?$/s) ?? [];
  const next = args[args.indexOf(argument) + 1];
  const value = given ?? (next?.startsWith("--") ? undefined : next);
  const alternative = command.alternative?.(name, value ?? "VALUE");
  const near = nearest(name, [...Object.keys(command.options), "help"]);
  const hint = alternative
    ? `write ${alternative}`
    : near === undefined
    ? list
    : `did you mean --${near}?`;
  throw new UserError(
    `${argument} is not an option of ${command.usage}; ${hint}`,
  );
}

function remark(option: Option): string {
  if (option.kind === "flag") return "";
  if (option.default !== undefined) return ` (default: ${option.default})`;
  return isText(option) && option.repeatable ? " (repeatable)" : "";
}
