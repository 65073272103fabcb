import { assertEquals } from "@std/assert";
import * as kinds from "../../losses/kinds.ts";

Deno.test("loss terms: are left out unless they are given a weight", () => {
  for (const [name, { schema }] of Object.entries(kinds)) {
    assertEquals(schema.parse({}).weight, 0, name);
    assertEquals(schema.safeParse({ weight: -1 }).success, false, name);
  }
});

Deno.test("loss terms: are called differently", () => {
  const titles = Object.values(kinds).map(({ title }) => title);
  assertEquals(new Set(titles).size, titles.length);
});
