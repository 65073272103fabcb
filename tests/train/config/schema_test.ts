import { assert, assertEquals } from "@std/assert";
import {
  childSchema,
  discriminatorOf,
  isObject,
  memberNames,
  objectSchema,
} from "../../../train/config/schema.ts";
import { schema } from "./example.ts";

const { data, model, steps } = schema.shape;

Deno.test("isObject: holds for neither lists nor null", () => {
  assertEquals([{}, [], null, "a"].map(isObject), [true, false, false, false]);
});

Deno.test("objectSchema: looks through defaults and null, and into the member that the value names", () => {
  const keysOf = (value: unknown) =>
    Object.keys(objectSchema(data, value)?.shape ?? {});
  assertEquals(Object.keys(objectSchema(model, undefined)!.shape), [
    "stem",
    "width",
    "stages",
    "exchange",
  ]);
  assertEquals(keysOf({ name: "stl10" }), [
    "name",
    "folder",
    "crop",
    "decoder",
  ]);
  for (const value of [{ name: "mnist" }, {}, "stl10", null]) {
    assertEquals(keysOf(value), []);
  }
  assertEquals(objectSchema(steps, 1), undefined);
});

Deno.test("childSchema: finds settings, and nothing that objects inherit", () => {
  const exchange = childSchema(model, {}, "exchange");
  assert(childSchema(exchange, {}, "heads"));
  assertEquals(childSchema(model, {}, "toString"), undefined);
  assertEquals(childSchema(steps, {}, "width"), undefined);
});

Deno.test("discriminatorOf, memberNames: tell the members of a union apart", () => {
  assertEquals(discriminatorOf(data), "name");
  assertEquals(memberNames(data), ["cifar10", "stl10"]);
  assertEquals([discriminatorOf(model), memberNames(model)], [undefined, []]);
});
