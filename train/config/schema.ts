import { z } from "zod";

/** Any schema of zod. */
export type Schema = z.core.$ZodType;

/** The schema of a whole configuration, or of a part that is an object: a `z.strictObject`. */
export type ObjectSchema = z.ZodObject;

/** What a schema makes of it: all settings. */
export type Output<S extends Schema> = S["_zod"]["output"];

/** Whether a value is an object other than a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The settings that a schema has at one level.
 *
 * @param schema Any schema; what wraps it (`default`, `prefault`, `nullable`) is looked through.
 * @param value The present value, which picks the member of a discriminated union.
 * @returns The schema of the object, or of the union's member; `undefined` for anything else.
 */
export function objectSchema(
  schema: Schema | undefined,
  value: unknown,
): ObjectSchema | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return inner;
  if (!(inner instanceof z.ZodDiscriminatedUnion) || !isObject(value)) return;
  const key = inner.def.discriminator;
  const member = inner.options.find((option) =>
    [...option._zod.propValues?.[key] ?? []].some((name) => name === value[key])
  );
  return objectSchema(member, value);
}

/** The key that tells the members of a discriminated union apart; `undefined` for other schemas. */
export function discriminatorOf(
  schema: Schema | undefined,
): string | undefined {
  const inner = unwrap(schema);
  return inner instanceof z.ZodDiscriminatedUnion
    ? inner.def.discriminator
    : undefined;
}

/** The names that tell the members of a discriminated union apart; none for other schemas. */
export function memberNames(schema: Schema | undefined): unknown[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
  const key = inner.def.discriminator;
  return inner.options.flatMap((option) => [
    ...option._zod.propValues?.[key] ?? [],
  ]);
}

/** The schema of one setting of an object; `undefined` where the schema has no such setting. */
export function childSchema(
  schema: Schema | undefined,
  value: unknown,
  key: PropertyKey,
): Schema | undefined {
  const shape = objectSchema(schema, value)?.shape;
  return shape && Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
}

function unwrap(schema: Schema | undefined): Schema | undefined {
  if (
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) return unwrap(schema.unwrap());
  return schema;
}
