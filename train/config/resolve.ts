import { UserError } from "../../engine/user_error.ts";
import { defaultsOf, mergeSettings } from "./merge.ts";
import { describeProblems } from "./problems.ts";
import type { ObjectSchema, Output } from "./schema.ts";

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
 * @throws {UserError} Settings are unknown or wrong; all of them are named, a line each.
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
  throw new UserError(
    problems.length === 1
      ? problems[0]
      : `the configuration has ${problems.length} mistakes:\n  ${
        problems.join("\n  ")
      }`,
  );
}
