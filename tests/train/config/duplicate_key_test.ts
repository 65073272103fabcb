import { assertEquals } from "@std/assert";
import { findDuplicateKey } from "../../../train/config/duplicate_key.ts";

Deno.test("findDuplicateKey: finds a key that one object has twice, at any depth, and its line", () => {
  const cases: [string, string, number][] = [
    ['{"a": 1, "a": 1}', "a", 1],
    ['{\n"b": [{ // "c"\n"c": {},\r\n"c": {},},],\n"b": 2}', "c", 4],
    ['{"a": 1,\n"\\u0061": 2}', "a", 2],
    ['{"__proto__": 1,\n"__proto__": 2}', "__proto__", 2],
  ];
  for (const [text, key, line] of cases) {
    assertEquals(findDuplicateKey(text), { key, line }, text);
  }
});

Deno.test("findDuplicateKey: one key in several objects, or as a value, is no duplicate", () => {
  for (
    const text of [
      '{"a": {"a": "a"}, "b": {"a": ["a", "a"]}, /* "a": */ "c": [{"a": 1}, {"a": 1}],}',
      "[1, 1]",
      "",
    ]
  ) {
    assertEquals(findDuplicateKey(text), undefined, text);
  }
});
