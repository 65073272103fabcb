import { assertEquals, assertThrows } from "@std/assert";
import { unfused } from "../../../engine/compile/fusion.ts";
import type { Fusion } from "../../../engine/compile/fusion.ts";
import { inputMap, lowerFused } from "../../../engine/compile/lower_fused.ts";
import { identityMap } from "../../../engine/graph/index_map.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { add, multiply } from "../../../engine/ops/elementwise.ts";
import { permute, reshape } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { interpretFused } from "../interpret_kernel.ts";

/** Only these nodes have a buffer. */
function stores(...nodes: readonly Tensor[]): Fusion {
  return { ...unfused, isStored: (node) => nodes.includes(node) };
}

const x = input("x", [2, 3]);
const values = [1, 2, 3, 4, 5, 6];

Deno.test("lowerFused: lazy nodes become one expression, each stored one is loaded once", () => {
  const node = add(multiply(x, x), permute(permute(x, [1, 0]), [1, 0]));
  const { kernel, reads } = lowerFused(node, stores(x), undefined);
  assertEquals(reads, [x]);
  assertEquals([kernel.loops, kernel.kept], [[6], 1]);
  const target = new Float64Array(6);
  interpretFused(kernel, [values], target);
  assertEquals([...target], values.map((value) => value * value + value));
});

Deno.test("lowerFused: a stored node among the lazy ones is read, not recomputed", () => {
  const stored = multiply(x, 2);
  const node = add(stored, x);
  const { reads } = lowerFused(node, stores(x, stored), undefined);
  assertEquals(reads, [stored, x]);
});

Deno.test("lowerFused: a reduction with an epilogue reads its input by loops of its own", () => {
  const total = sum(permute(x, [1, 0]), { axes: [1], keepAxes: true });
  const node = multiply(total, 10);
  const { kernel } = lowerFused(node, stores(x), total);
  assertEquals([kernel.loops, kernel.kept], [[3, 2], 1]);
  assertEquals(kernel.reduction, "sum");
  const target = new Float64Array(3);
  interpretFused(kernel, [values], target);
  assertEquals([...target], [50, 70, 90]);
});

Deno.test("lowerFused: writes a block of a larger result by its strides", () => {
  const view = { offset: 6, strides: [5, 1] };
  const { kernel } = lowerFused(add(x, 0.5), stores(x), undefined, view);
  const target = new Float64Array(15);
  interpretFused(kernel, [values], target);
  // deno-fmt-ignore
  assertEquals([...target], [
    0, 0, 0, 0, 0,
    0, 1.5, 2.5, 3.5, 0,
    0, 4.5, 5.5, 6.5, 0,
  ]);
});

Deno.test("inputMap: refuses what strides cannot read", () => {
  const uneven = reshape(x, [3, 2]);
  assertThrows(
    () => inputMap(uneven, identityMap(2), 2),
    TypeError,
    "reshape to [3,2] cannot be read by strides",
  );
  assertThrows(() => inputMap(add(x, 1), identityMap(2), 2), TypeError);
});
