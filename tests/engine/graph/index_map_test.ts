import { assertEquals } from "@std/assert";
import {
  fixedView,
  flatten,
  identityMap,
  type IndexMap,
  reshapeMap,
} from "../../../engine/graph/index_map.ts";
import { definitionOf } from "../../../engine/graph/operations.ts";
import {
  input,
  type Shape,
  type Tensor,
} from "../../../engine/graph/tensor.ts";
import {
  broadcastTo,
  permute,
  reshape,
  slice,
} from "../../../engine/ops/movement.ts";
import { eachIteration, positionAt } from "../interpret_kernel.ts";
import { evaluate } from "../reference.ts";

Deno.test("identityMap, fixedView, flatten: positions are affine in the loop counters", () => {
  assertEquals(identityMap(2, 3), [
    { offset: 0, strides: [1, 0, 0] },
    { offset: 0, strides: [0, 1, 0] },
  ]);
  assertEquals(fixedView(7, 2), { offset: 7, strides: [0, 0] });
  const map = [{ offset: 1, strides: [1, 0] }, { offset: 2, strides: [0, 3] }];
  assertEquals(flatten(map, [5, 10], 2), { offset: 12, strides: [10, 3] });
});

/** The elements of the input that a movement reads, by its index map. */
function readThrough(node: Tensor, values: readonly number[]): number[] {
  const { operation, inputs: [x], shape } = node;
  const definition = definitionOf(operation);
  if (definition.role !== "movement") throw new TypeError("no movement");
  const rank = shape.length;
  const map = definition.inputMap(node, operation, identityMap(rank), rank);
  const result: number[] = [];
  const view = flatten(map!, x.shape, rank);
  eachIteration(
    shape,
    (counters) => result.push(values[positionAt(view, counters)]),
  );
  return result;
}

Deno.test("inputMap: each movement reads the elements that it should", () => {
  const x = input("x", [2, 3, 4]);
  const values = Array.from({ length: 24 }, (_, i) => i);
  const movements = [
    permute(x, [2, 0, 1]),
    slice(x, [1, 1, 0], [1, 2, 3]),
    broadcastTo(slice(x, [0, 2, 0], [2, 1, 4]), [2, 5, 4]),
    reshape(x, [2, 3, 2, 2]),
    reshape(x, [2, 3, 1, 4, 1]),
  ];
  for (const node of movements) {
    const [base] = node.inputs;
    const [before] = evaluate([base], { x: values });
    const [expected] = evaluate([node], { x: values });
    assertEquals(readThrough(node, [...before]), [...expected]);
  }
});

Deno.test("reshapeMap: needs each outer axis to lie inside one inner axis", () => {
  const map = (outer: Shape, inner: Shape): IndexMap | undefined =>
    reshapeMap(identityMap(outer.length), outer, inner, outer.length);
  const possible: [Shape, Shape][] = [
    [[6, 4], [24]],
    [[2, 3, 4], [6, 4]],
    [[], [1, 1]],
    [[1, 6, 1], [6]],
    [[6], [6, 1]],
  ];
  for (const [outer, inner] of possible) {
    const view = flatten(map(outer, inner)!, inner, outer.length);
    let next = 0;
    eachIteration(
      outer,
      (counters) => assertEquals(positionAt(view, counters), next++),
    );
  }
  const impossible: [Shape, Shape][] = [
    [[24], [6, 4]],
    [[4, 6], [6, 4]],
    [[2, 12], [4, 6]],
    [[6, 4], [2, 3, 4]],
  ];
  for (const [outer, inner] of impossible) {
    assertEquals(map(outer, inner), undefined);
  }
});
