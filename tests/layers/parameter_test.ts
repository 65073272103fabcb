import { assertThrows } from "@std/assert";
import { Linear } from "../../layers/linear.ts";

Deno.test("Parameter: cannot be used before its model was packed", () => {
  const { weight } = new Linear(2, 3);
  assertThrows(() => weight.tensor, Error, "before its model was packed");
});

Deno.test("Parameter: refuses sizes that are not whole numbers of at least 1", () => {
  for (const size of [0, -1, 0.5]) {
    assertThrows(() => new Linear(2, size), RangeError, `not ${size}`);
  }
});
