import { UserError } from "../../engine/user_error.ts";
import { defaultsOf, mergeSettings } from "./merge.ts";
import { describeProblems } from "./problems.ts";
import type { ObjectSchema, Output } from "./schema.ts";

/** Mistakes that are named; further ones are counted. */
const MAX_NAMED = 20;

/** Settings of which any may be left out; a list is given whole. */
export type PartialSettings<T> = T extends readonly unknown[] ? T
  : T extends object ? { readonly [Key in keyof T]?: PartialSettings<T[Key]> }
  : T;

/**
 * Lays settings over the schema's defaults and checks the whole.
 *
 * @param schema A `z.strictObject` of what JSON holds, without transforms.
 * @param layers Settings, later ones over earlier ones.
 * @returns The complete configuration.
 * @throws {UserError} Settings are unknown or wrong; they are named, a line each.
 */
export function resolveConfig<S extends ObjectSchema>(
  schema: S,
  layers: readonly unknown[],
): Output<S> {
  const settings = layers.reduce(
    (below, above) => mergeSettings(schema, below, above),
    defaultsOf(schema),
  );
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const problems = describeProblems(schema, settings, result.error.issues);
  if (problems.length === 1) throw new UserError(problems[0]);
  const rest = problems.length - MAX_NAMED;
  throw new UserError(
    [
      `the configuration has ${problems.length} mistakes:`,
      ...problems.slice(0, MAX_NAMED),
      ...rest > 0 ? [`and ${rest} more`] : [],
    ].join("\n  "),
  );
}
