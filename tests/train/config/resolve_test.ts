import { assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { resolveConfig } from "../../../train/config/resolve.ts";
import { schema } from "./example.ts";

Deno.test("resolveConfig: later layers lie over earlier ones, and all over the defaults", () => {
  const { steps, rate, model } = resolveConfig(schema, [
    { steps: 5, model: { width: 8 } },
    { steps: 6 },
  ]);
  assertEquals([steps, rate, model.width, model.stem], [6, 3e-4, 8, "small"]);
});

Deno.test("resolveConfig: names a single mistake alone, and of many the first twenty", () => {
  const messageOf = (settings: object) =>
    assertThrows(() => resolveConfig(schema, [settings]), UserError).message;
  assertEquals(messageOf({ steps: 13 }).split("\n").length, 1);
  const unknown = Object.fromEntries(
    Array.from({ length: 23 }, (_, i) => [`unknown${i}`, 1]),
  );
  const lines = messageOf(unknown).split("\n  ");
  assertEquals(lines.length, 1 + 20 + 1);
  assertEquals(lines[0], "the configuration has 23 mistakes:");
  assertEquals(lines.at(-1), "and 3 more");
});
