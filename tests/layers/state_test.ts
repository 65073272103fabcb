import { assertEquals, assertThrows } from "@std/assert";
import { Parameter } from "../../layers/parameter.ts";
import { State } from "../../layers/state.ts";

Deno.test("State: starts with one number, with given values, or with zeros until its parameter is packed", () => {
  assertEquals(new State("a", [2, 3], 7).initial, new Float32Array(6).fill(7));
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const { storage, shape } = new State("b", [2, 3], values);
  assertEquals([storage.name, storage.size, shape], ["b", 6, [2, 3]]);
  assertEquals(storage.initial, values);
  const parameter = new Parameter([6], { constant: 1 });
  const copy = new State("c", [6], parameter);
  assertEquals(copy.source, parameter);
  assertEquals(copy.initial, new Float32Array(6));
});

Deno.test("State: refuses sizes that are not whole numbers of at least 1", () => {
  assertThrows(
    () => new State("a", [-2, -3], 0),
    RangeError,
    "state a: each size must be a whole number of at least 1, not -2",
  );
});
