import { assertThrows } from "@std/assert";
import { Linear } from "../../layers/linear.ts";

Deno.test("Parameter: cannot be used before its model was packed", () => {
  const { weight } = new Linear(2, 3);
  assertThrows(() => weight.tensor, Error, "before its model was packed");
});
