import { assertEquals } from "@std/assert";
import { percentage } from "../../../train/evaluate/percentage.ts";

Deno.test("percentage: has one decimal", () => {
  assertEquals([0.12345, 0, 1].map(percentage), ["12.3", "0.0", "100.0"]);
});
