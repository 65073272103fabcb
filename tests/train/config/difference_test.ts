import { assertEquals } from "@std/assert";
import {
  describeDifference,
  firstDifference,
} from "../../../train/config/difference.ts";

Deno.test("firstDifference: names the first setting that differs, at any depth", () => {
  const config = { a: 1, b: { c: [1, 2], d: null } };
  assertEquals(firstDifference(config, structuredClone(config)), undefined);
  const cases: [unknown, string, unknown, unknown][] = [
    [{ ...config, a: 2 }, "a", 1, 2],
    [{ a: 1, b: { c: [1, 3], d: null } }, "b.c.1", 2, 3],
    [{ a: 1, b: { c: [1], d: null } }, "b.c.1", 2, undefined],
    [{ a: 1, b: { c: [1, 2], d: {} } }, "b.d", null, {}],
    [{ ...config, e: 5 }, "e", undefined, 5],
    [7, "", config, 7],
  ];
  for (const [other, path, first, second] of cases) {
    assertEquals(firstDifference(config, other), { path, first, second });
  }
});

Deno.test("describeDifference: has both values, and says where one is not set", () => {
  const path = "a.b";
  const cases: [unknown, unknown, string][] = [
    [6, "x", 'a.b is "x" there, not 6'],
    [6, undefined, "a.b is not set there, not 6"],
    [undefined, null, "a.b is null there, not unset"],
  ];
  for (const [first, second, sentence] of cases) {
    assertEquals(describeDifference({ path, first, second }), sentence);
  }
});
