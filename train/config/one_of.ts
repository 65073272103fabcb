import { z } from "zod";

/** Entries of a registry, each with the schema of its options. */
type Kinds<Options> = Readonly<
  Record<string, { readonly schema: z.ZodType<Options> }>
>;

/**
 * Accepts the options of any entry of a registry; their `name` says of which.
 *
 * @throws {TypeError} if the registry is empty, or a schema has no literal `name`.
 */
export function oneOf<Options>(kinds: Kinds<Options>): z.ZodType<Options> {
  const [first, ...others] = Object.entries(kinds).map(([name, { schema }]) => {
    if (isNamed(schema)) return schema;
    throw new TypeError(`the schema of ${name} has no literal name`);
  });
  if (!first) throw new TypeError("the registry is empty");
  return z.discriminatedUnion("name", [first, ...others]);
}

function isNamed<Schema extends z.core.$ZodType>(
  schema: Schema,
): schema is Schema & z.core.$ZodTypeDiscriminable {
  return schema._zod.propValues?.name !== undefined;
}
