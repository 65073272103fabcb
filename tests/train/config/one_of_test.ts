import { assert, assertEquals, assertThrows } from "@std/assert";
import { z } from "zod";
import { oneOf } from "../../../train/config/one_of.ts";

const circle = z.strictObject({
  name: z.literal("circle"),
  radius: z.number().default(1),
});
const square = z.strictObject({ name: z.literal("square"), side: z.number() });

Deno.test("oneOf: accepts the options of each entry by their name, with its defaults", () => {
  type Shape = z.output<typeof circle> | z.output<typeof square>;
  const schema = oneOf<Shape>({
    circle: { schema: circle },
    square: { schema: square },
  });
  assertEquals(schema.parse({ name: "circle" }), { name: "circle", radius: 1 });
  assertEquals(schema.parse({ name: "square", side: 2 }), {
    name: "square",
    side: 2,
  });
  for (
    const wrong of [{ name: "circle", side: 2 }, { name: "line" }, {
      radius: 1,
    }]
  ) {
    assert(!schema.safeParse(wrong).success);
  }
});

Deno.test("oneOf: refuses an empty registry, and a schema without a literal name", () => {
  assertThrows(() => oneOf({}), TypeError, "the registry is empty");
  const schema: z.ZodType<object> = z.strictObject({ name: z.string() });
  assertThrows(
    () => oneOf({ line: { schema } }),
    TypeError,
    "the schema of line has no literal name",
  );
});
