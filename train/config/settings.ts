import { z } from "zod";
import { isObject, type ObjectSchema } from "./schema.ts";

/** A setting that a configuration has or can have. */
export interface Setting {
  /** `path.to.key` */
  readonly path: string;
  /** What must be chosen for it to be there, outermost first: settings such as `data.name=folder`. */
  readonly within: readonly string[];
  /** What it can be, in Markdown, such as "whole number, at least 1". */
  readonly values: string;
  /** Its default as JSON; absent where there is none. */
  readonly default?: string;
  /** Whether it must be given. */
  readonly isRequired: boolean;
  /** Whether it is the path of a file or folder, which is `pathSetting` in the schema. */
  readonly isPath: boolean;
}

/** What this module reads of a JSON schema as zod writes it. */
interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  /** The properties that must be given. */
  readonly required?: readonly string[];
  /** The members of a union of objects, told apart by their `name`. */
  readonly oneOf?: readonly JsonSchema[];
  /** A schema and null. */
  readonly anyOf?: readonly JsonSchema[];
}

/** All settings of a schema, in its order; those of each member of a union too. */
export function settingsOf(schema: ObjectSchema): Setting[] {
  // zod's own type also has what it never writes: schemas that are booleans, lists of types
  const json = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  return settingsIn(json, { path: "", within: [], isRequired: true });
}

/** Where in a configuration a schema is. */
type Place = Pick<Setting, "path" | "within" | "isRequired">;

function settingsIn(schema: JsonSchema, place: Place): Setting[] {
  const { anyOf, oneOf, properties, required } = schema;
  const { path, within } = place;
  if (anyOf) {
    return [
      settingAt(schema, place),
      ...settingsIn(anyOf[0], place).filter((part) => part.path !== path),
    ];
  }
  if (oneOf) {
    const names = oneOf.map(({ properties }) => properties?.name.const);
    const fallback = isObject(schema.default) ? schema.default.name : undefined;
    const name = { enum: names, default: fallback };
    return [
      settingAt(name, {
        path: `${path}.name`,
        within,
        isRequired: fallback === undefined,
      }),
      ...oneOf.flatMap((member, i) =>
        settingsIn(member, {
          ...place,
          within: [...within, `${path}.name=${names[i]}`],
        })
      ),
    ];
  }
  if (!properties) return [settingAt(schema, place)];
  return Object.entries(properties).flatMap(([key, child]) =>
    // what is constant is the name of the member
    child.const === undefined
      ? settingsIn(child, {
        path: path ? `${path}.${key}` : key,
        within,
        isRequired: required?.includes(key) ?? false,
      })
      : []
  );
}

function settingAt(schema: JsonSchema, place: Place): Setting {
  return {
    ...place,
    values: valuesOf(schema),
    default: JSON.stringify(schema.default),
    isPath: schema.format === "path",
  };
}

function valuesOf(schema: JsonSchema): string {
  if (schema.enum) {
    const choices = schema.enum.map((value) => `\`${value}\``);
    return choices.length > 1
      ? `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`
      : choices[0];
  }
  if (schema.anyOf) {
    return `${valuesOf(schema.anyOf[0])} or \`null\``;
  }
  switch (schema.type) {
    case "integer":
      return `whole number${boundsOf(schema)}`;
    case "number":
      return `number${boundsOf(schema)}`;
    case "boolean":
      return "`true` or `false`";
    case "array":
      return `list of ${valuesOf(schema.items ?? {})}`;
    case "string":
      return schema.format === "path" ? "path" : "text";
    default:
      return "the settings below";
  }
}

function boundsOf(
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema,
): string {
  const bounds = [
    minimum === undefined ? undefined : `at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    // zod bounds whole numbers by what a number holds exactly
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
      ? undefined
      : `at most ${maximum}`,
    exclusiveMaximum === undefined ? undefined : `below ${exclusiveMaximum}`,
  ];
  return bounds.filter((bound) => bound !== undefined)
    .map((bound) => `, ${bound}`).join("");
}
