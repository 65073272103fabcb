import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  children,
  type Expression,
  inOrder,
  mapLeaves,
  scalarType,
  viewsOf,
} from "../../../engine/compile/expression.ts";

const load = (input: number, offset: number): Expression => ({
  kind: "load",
  input,
  dtype: "f32",
  view: { offset, strides: [1] },
});
const [a, b] = [load(0, 1), load(1, 2)];
const position: Expression = {
  kind: "iota",
  view: { offset: 3, strides: [0] },
  dtype: "i32",
};
const random: Expression = {
  kind: "random",
  stream: 4,
  counter: { offset: 5, strides: [1] },
  seed: a,
  step: b,
  dtype: "f32",
};
const sum: Expression = { kind: "binary", name: "add", a, b, dtype: "f32" };
const cast: Expression = { kind: "cast", argument: position, dtype: "f32" };
const root: Expression = {
  kind: "select",
  condition: sum,
  a: cast,
  b: { kind: "binary", name: "add", a: sum, b: random, dtype: "f32" },
  dtype: "f32",
};

Deno.test("inOrder: gives each subexpression once, operands before their users", () => {
  const order = inOrder(root);
  assertEquals(order.length, 8);
  for (const [i, expression] of order.entries()) {
    assertEquals(
      children(expression).every((child) => order.indexOf(child) < i),
      true,
    );
  }
  assertStrictEquals(order.at(-1), root);
});

Deno.test("viewsOf: gives the views of loads, positions and counters", () => {
  assertEquals(
    viewsOf(root).map(({ offset }) => offset).sort(),
    [1, 2, 3, 5],
  );
});

Deno.test("mapLeaves: changes every view and input, and keeps shared subexpressions shared", () => {
  const mapped = mapLeaves(
    root,
    ({ offset, strides }) => ({ offset: offset * 10, strides }),
    (input) => input + 7,
  );
  assertEquals(
    viewsOf(mapped).map(({ offset }) => offset).sort(),
    [10, 20, 30, 50],
  );
  const inputs = inOrder(mapped).flatMap((expression) =>
    expression.kind === "load" ? [expression.input] : []
  );
  assertEquals(inputs, [7, 8]);
  assertEquals(inOrder(mapped).length, 8);
});

Deno.test("scalarType: refuses bytes", () => {
  assertEquals(scalarType("i32"), "i32");
  assertThrows(() => scalarType("u8"), TypeError, "cast");
});
