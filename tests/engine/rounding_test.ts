import { assert, assertEquals } from "@std/assert";
import { input, type Tensor } from "../../engine/graph/tensor.ts";
import * as ops from "../../engine/ops/mod.ts";
import { Draw } from "../fuzz/draw.ts";
import { seed } from "../random.ts";
import { evaluate } from "./reference.ts";
import { Tolerance } from "./rounding.ts";

/** What the only element of a graph may be off by, where all operations make errors or `some`. */
function toleranceOf(
  root: Tensor,
  values: Record<string, number[]>,
  some = false,
): number {
  const expected = evaluate([root], values);
  const tolerance = new Tolerance([root], values, expected, new Draw(seed, 0));
  tolerance.widen(50, some);
  return tolerance.of(0, 0);
}

const x = input("x", [1]);

Deno.test("Tolerance: what is only moved or compared must be exact", () => {
  const moved = ops.maximum(ops.permute(ops.reshape(x, [1, 1]), [1, 0]), -1);
  assertEquals(toleranceOf(moved, { x: [0.3] }), 2 ** -126);
});

Deno.test("Tolerance: functions may be off by some roundings, and by more where values cancel", () => {
  const plain = toleranceOf(ops.add(x, 0.5), { x: [0.5] });
  // four times the errors of both terms, 0.5 each, and of the sum
  assert(plain > 1e-6 && plain < 8.01 * 2 ** -20, `${plain}`);
  const cancelled = toleranceOf(ops.subtract(ops.exp(x), 1), { x: [1e-5] });
  // nearly all of the digits are lost: four times the errors of the exponential, of it as a term, and of 1
  assert(cancelled > 1e-6 && cancelled < 12.01 * 2 ** -20, `${cancelled}`);
});

Deno.test("Tolerance: the error of a sum goes by its terms", () => {
  const terms = input("terms", [3]);
  const sum = toleranceOf(ops.sum(terms), { terms: [1000, -1000, 0.001] });
  assert(sum > 1e-3 && sum < 1e-2, `${sum}`);
});

Deno.test("Tolerance: a comparison of nearly equal values may come out either way", () => {
  const near = ops.less(ops.multiply(x, 3), 1);
  assertEquals(toleranceOf(near, { x: [1 / 3 + 1e-9] }), 4 + 2 ** -126);
  assertEquals(toleranceOf(near, { x: [0.3] }), 2 ** -126);
});

Deno.test("Tolerance: errors of some operations come where those of all do not", () => {
  // 1 where the exponential is exact and the product is not
  const one = ops.multiply(
    ops.equal(ops.exp(x), 1),
    ops.subtract(1, ops.equal(ops.multiply(ops.add(x, 0.5), 2), 1)),
  );
  assertEquals(toleranceOf(one, { x: [0] }), 2 ** -126);
  assert(toleranceOf(one, { x: [0] }, true) >= 4);
});
