import { assertEquals } from "@std/assert";
import { percent, short } from "../../../train/report/numbers.ts";

Deno.test("percent: has one decimal, and a sign that stays on its line", () => {
  assertEquals(percent(0.12345), "12.3\u00a0%");
  assertEquals(percent(1), "100.0\u00a0%");
});

Deno.test("short: has at most four significant digits, thousands in full, and shows what is not finite", () => {
  assertEquals(
    [0, 1.5, 0.0123456, -12.3456, 1e-7, 123456.7, NaN, -Infinity].map(short),
    ["0", "1.5", "0.01235", "-12.35", "1e-7", "123,457", "NaN", "-Infinity"],
  );
});
