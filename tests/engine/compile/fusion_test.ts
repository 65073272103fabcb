import { assert, assertEquals } from "@std/assert";
import { fuse, type Fusion, unfused } from "../../../engine/compile/fusion.ts";
import { simplify } from "../../../engine/graph/simplify.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { add, exp, multiply, tanh } from "../../../engine/ops/elementwise.ts";
import { materialize } from "../../../engine/ops/materialize.ts";
import { broadcastTo, permute, reshape } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";

/** What fusion decides for a graph, by original node. */
function fuseGraph(roots: readonly Tensor[], maxReads = 7): Fusion {
  const graph = simplify(roots);
  const fusion = fuse(graph, new Set(roots.map(graph.resolve)), maxReads);
  return {
    isStored: (node) => fusion.isStored(graph.resolve(node)),
    reductionOf: (node) => fusion.reductionOf(graph.resolve(node)),
  };
}

const x = input("x", [6, 4]);

Deno.test("fuse: stores inputs and roots, and computes what is between inside the kernel", () => {
  const between = tanh(add(x, 1));
  const root = multiply(between, 2);
  const { isStored } = fuseGraph([root]);
  assertEquals([x, between, root].map(isStored), [true, false, true]);
});

Deno.test("fuse: stores a costly value with several users, and recomputes a cheap one", () => {
  const costly = tanh(exp(x));
  const cheap = add(x, 1);
  const { isStored } = fuseGraph([
    add(costly, 1),
    add(costly, 2),
    multiply(cheap, 2),
    multiply(cheap, 3),
  ]);
  assertEquals([costly, cheap].map(isStored), [true, false]);
});

Deno.test("fuse: stores a costly value before it is repeated along an axis, and repeats a cheap one", () => {
  const row = input("row", [1, 4]);
  const costly = exp(row);
  const cheap = add(row, 1);
  const { isStored } = fuseGraph([
    add(x, broadcastTo(costly, [6, 4])),
    add(x, broadcastTo(cheap, [6, 4])),
  ]);
  assertEquals([costly, cheap].map(isStored), [true, false]);
});

Deno.test("fuse: a reduction goes on through an epilogue of its size, up to a value with several users", () => {
  const total = sum(exp(x), { axes: [1] });
  const epilogue = multiply(total, 2);
  const { isStored, reductionOf } = fuseGraph([epilogue]);
  assertEquals([total, epilogue].map(isStored), [false, true]);
  assertEquals(reductionOf(epilogue)?.operation.kind, "reduce");

  const shared = sum(x, { axes: [1], keepAxes: true });
  const second = fuseGraph([add(shared, 1), add(shared, 2)]);
  assert(second.isStored(shared));
});

Deno.test("fuse: at most one reduction ends in a kernel", () => {
  const [a, b] = [x, exp(x)].map((terms) => sum(terms, { axes: [1] }));
  const total = add(a, b);
  const { isStored, reductionOf } = fuseGraph([total]);
  assertEquals([a, b].map(isStored), [false, true]);
  assertEquals(reductionOf(total)?.inputs, [x]);
});

Deno.test("fuse: no kernel reads more buffers than the limit", () => {
  const inputs = Array.from({ length: 9 }, (_, i) => input(`x${i}`, [5]));
  const partial = inputs.slice(1).reduce<Tensor[]>(
    (sums, next) => [...sums, add(sums[sums.length - 1], next)],
    [inputs[0]],
  );
  const storedWith = (maxReads: number) => {
    const { isStored } = fuseGraph([partial[8]], maxReads);
    return partial.slice(1).filter(isStored).length;
  };
  assertEquals(storedWith(9), 1);
  assertEquals(storedWith(8), 2);
  assertEquals(storedWith(3), 4);
  assertEquals(storedWith(2), 8);
});

Deno.test("fuse: a product reads through movements, but stores what is computed", () => {
  const moved = permute(x, [1, 0]);
  const computed = add(x, 1);
  const { isStored } = fuseGraph([matmul(moved, computed)]);
  assertEquals([moved, computed].map(isStored), [false, true]);
});

Deno.test("fuse: stores what a reshape cannot index, and what is materialized", () => {
  const transposed = permute(add(x, 1), [1, 0]);
  const flat = reshape(transposed, [2, 12]);
  const kept = add(x, 3);
  const { isStored } = fuseGraph([
    multiply(flat, 2),
    multiply(materialize(kept), 2),
  ]);
  // [4, 6] from [2, 12]: an axis of 12 spans several of [4, 6]
  assertEquals([transposed, kept].map(isStored), [true, true]);
});

Deno.test("unfused: stores every node, none of them after a reduction", () => {
  assert(unfused.isStored(add(x, 1)));
  assertEquals(unfused.reductionOf(sum(x)), undefined);
});
