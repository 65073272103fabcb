import type { z } from "zod";
import {
  childSchema,
  discriminatorOf,
  isObject,
  memberNames,
  objectSchema,
  type Schema,
} from "./schema.ts";
import { printable } from "../../datasets/files/printable.ts";
import { nearest } from "./nearest.ts";

/** What a schema of zod finds wrong. */
export type Issue = z.core.$ZodIssue;

type Path = readonly PropertyKey[];

const TYPES: Record<string, string> = {
  number: "a number",
  int: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/**
 * Describes each mistake in settings in a sentence.
 *
 * @param schema What they were to satisfy.
 * @param settings What was given.
 * @param issues What the schema found.
 * @returns For an unknown key its full path and the nearest valid key; for a wrong value its path,
 * what it must be and what it is.
 */
export function describeProblems(
  schema: Schema,
  settings: unknown,
  issues: readonly Issue[],
): string[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) =>
        unknownKey(schema, settings, issue.path, key)
      );
    }
    return wrongValue(schema, settings, issue);
  });
}

/** The schema of the settings at a path, and what was given there. */
function at(
  schema: Schema,
  settings: unknown,
  path: Path,
): [Schema | undefined, unknown] {
  let [owner, value]: [Schema | undefined, unknown] = [schema, settings];
  for (const step of path) {
    owner = childSchema(owner, value, step);
    value = entryOf(value, step);
  }
  return [owner, value];
}

/** Names what is missed first where there are several kinds: the name that says which. */
function missing(
  schema: Schema,
  settings: unknown,
  { path }: Issue,
  expected: string,
): string {
  const [owner] = at(schema, settings, path);
  const tag = discriminatorOf(owner);
  return tag === undefined
    ? `${join(path)} is missing; it must be ${expected}`
    : `${join([...path, tag])} is missing; it must be ${
      either(memberNames(owner).map(show))
    }`;
}

function unknownKey(
  schema: Schema,
  settings: unknown,
  path: Path,
  key: string,
): string {
  const [owner, value] = at(schema, settings, path);
  const keys = Object.keys(objectSchema(owner, value)?.shape ?? {});
  const name = join([...path, key]);
  const near = nearest(key, keys);
  if (near !== undefined) {
    return `${name} is not a setting; did you mean ${join([...path, near])}?`;
  }
  const tag = discriminatorOf(owner);
  const member = tag === undefined
    ? ""
    : ` with ${tag} ${show(entryOf(value, tag))}`;
  const place = join(path) || "the configuration";
  return `${name} is not a setting; ${place}${member} has ${keys.join(", ")}`;
}

function wrongValue(schema: Schema, settings: unknown, issue: Issue): string {
  const name = join(issue.path) || "the configuration";
  const expected = expectation(issue);
  const value = issue.path.reduce(entryOf, settings);
  if (expected === undefined) {
    return issue.message.startsWith("must ")
      ? `${name} ${issue.message}, not ${show(value)}`
      : `${name}: ${issue.message}`;
  }
  if (value === undefined) return missing(schema, settings, issue, expected);
  const near = typeof value === "string"
    ? nearest(
      value,
      choicesOf(issue).filter((choice) => typeof choice === "string"),
    )
    : undefined;
  const hint = near === undefined ? "" : `; did you mean ${show(near)}?`;
  return `${name} must be ${expected}, not ${show(value)}${hint}`;
}

/** What a value must be, to follow "must be"; `undefined` where the issue's own message says it. */
function expectation(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "too_small":
      return bounded(
        issue.origin,
        issue.inclusive ? "at least" : "greater than",
        issue.minimum,
      );
    case "too_big":
      return bounded(
        issue.origin,
        issue.inclusive ? "at most" : "less than",
        issue.maximum,
      );
    case "invalid_value":
    case "invalid_union":
      return either(choicesOf(issue).map(show));
  }
}

function bounded(
  origin: string,
  relation: string,
  limit: number | bigint,
): string {
  if (origin === "string") return `text of ${relation} ${limit} characters`;
  if (origin === "array") return `a list of ${relation} ${limit} entries`;
  return `${relation} ${limit}`;
}

/** The values that are allowed, where some can be listed. */
function choicesOf(issue: Issue): readonly unknown[] {
  if (issue.code === "invalid_value") return issue.values;
  return issue.code === "invalid_union" && "options" in issue
    ? issue.options ?? []
    : [];
}

function entryOf(value: unknown, key: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(key)];
  return isObject(value) && Object.hasOwn(value, key)
    ? value[String(key)]
    : undefined;
}

function join(path: Path): string {
  return printable(path.map(String).join("."));
}

function either(choices: readonly string[]): string {
  const last = choices.at(-1) ?? "";
  return choices.length > 1
    ? `${choices.slice(0, -1).join(", ")} or ${last}`
    : last;
}

function show(value: unknown): string {
  const text = typeof value === "number"
    ? String(value)
    : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
