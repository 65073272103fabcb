import { z } from "zod";
import {
  childSchema,
  discriminatorOf,
  isObject,
  objectSchema,
  type Schema,
} from "./schema.ts";

/**
 * Lays settings over others.
 *
 * - Objects are merged key by key; a list is replaced by a list.
 * - An object that names another member of a discriminated union replaces the one below.
 * - An object that is absent below, or so replaced, starts from the schema's defaults.
 *
 * @param schema What the settings are to satisfy, which is not checked here; `undefined` merges
 * without defaults.
 * @param below The settings so far.
 * @param above The settings laid over them; keys whose value is `undefined` count as absent.
 * @returns New settings; neither argument is changed.
 */
export function mergeSettings(
  schema: Schema | undefined,
  below: unknown,
  above: unknown,
): unknown {
  if (!isObject(above)) return above;
  const start = startOf(schema, below, above);
  const merged = new Map(Object.entries(start));
  const both = { ...start, ...above };
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const child = childSchema(schema, both, key);
    merged.set(key, mergeSettings(child, merged.get(key), value));
  }
  // Unlike assignment, this makes a key named __proto__ an ordinary one, which the schema rejects.
  return Object.fromEntries(merged);
}

/**
 * Makes one layer of settings that are chosen side by side: laid over each other one by one, one that
 * picks the member of a union would reset those before it, and their order would matter.
 */
export function combineSettings(settings: readonly unknown[]): unknown {
  return settings.reduce(
    (all, setting) => mergeSettings(undefined, all, setting),
    {},
  );
}

/**
 * The settings that a schema has of its own accord.
 *
 * @returns An object with all defaults, without the settings that have none; `undefined` for a
 * schema without a default.
 */
export function defaultsOf(schema: Schema | undefined): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return mergeSettings(schema.unwrap(), undefined, schema.def.defaultValue);
  }
  if (!(schema instanceof z.ZodObject)) return undefined;
  const entries = Object.entries(schema.shape).map(
    ([key, field]) => [key, defaultsOf(field)],
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** What an object is laid over: what lies below, or the defaults where that does not apply. */
function startOf(
  schema: Schema | undefined,
  below: unknown,
  above: Record<string, unknown>,
): Record<string, unknown> {
  const key = discriminatorOf(schema);
  const replaces = key !== undefined && above[key] !== undefined &&
    isObject(below) && above[key] !== below[key];
  if (isObject(below) && !replaces) return below;
  const defaults = defaultsOf(objectSchema(schema, above));
  return isObject(defaults) ? defaults : {};
}
