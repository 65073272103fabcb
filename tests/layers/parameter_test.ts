import { assertEquals, assertThrows } from "@std/assert";
import { Linear } from "../../layers/linear.ts";
import { heNormal, linearNormal } from "../../layers/parameter.ts";

Deno.test("Parameter: cannot be used before its model was packed", () => {
  const { weight } = new Linear(2, 3);
  assertThrows(() => weight.tensor, Error, "before its model was packed");
});

Deno.test("Parameter: refuses sizes that are not whole numbers of at least 1", () => {
  for (const size of [0, -1, 0.5]) {
    assertThrows(() => new Linear(2, size), RangeError, `not ${size}`);
  }
});

Deno.test("heNormal, linearNormal: deviations by the number of inputs, or the paper's", () => {
  assertEquals(heNormal(8), { deviation: 0.5 });
  assertEquals(linearNormal(16, "fanIn"), { deviation: 0.25 });
  assertEquals(linearNormal(16, "small"), { deviation: 1e-3 });
});
