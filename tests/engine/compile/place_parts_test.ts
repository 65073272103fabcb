import { assertEquals } from "@std/assert";
import { fuse } from "../../../engine/compile/fusion.ts";
import {
  flatPosition,
  placeParts,
} from "../../../engine/compile/place_parts.ts";
import { simplify } from "../../../engine/graph/simplify.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { negate } from "../../../engine/ops/elementwise.ts";
import { materialize } from "../../../engine/ops/materialize.ts";
import { concatenate, pad } from "../../../engine/ops/movement.ts";

function result(name: string, shape: number[]): Tensor {
  return materialize(negate(input(name, shape)));
}

/** Where each part of the only assembly of a graph is computed in place. */
function offsets(whole: Tensor): (number | undefined)[] {
  const graph = simplify([whole]);
  const root = graph.resolve(whole);
  const places = placeParts(graph.nodes, fuse(graph, new Set([root]), 7));
  return root.inputs.map((part) =>
    places.get(part)?.offset ?? places.get(part.inputs[0])?.offset
  );
}

Deno.test("placeParts: contiguous, aligned results are computed inside their concatenation", () => {
  const [a, b, c] = [64, 60, 64].map((size, i) => result(`x${i}`, [size]));
  // the third begins at 124, which is not aligned
  assertEquals(offsets(concatenate([a, b, c])), [0, 64, undefined]);
  const [d, e] = ["d", "e"].map((name) => result(name, [1, 64, 3]));
  assertEquals(offsets(concatenate([d, e], 1)), [0, 192]);
});

Deno.test("placeParts: inputs, parts that occur twice and parts in strips are copied", () => {
  const a = result("a", [64]);
  assertEquals(offsets(concatenate([a, a])), [undefined, undefined]);
  assertEquals(offsets(concatenate([input("b", [64]), a])), [undefined, 64]);
  const [c, d] = ["c", "d"].map((name) => result(name, [2, 64]));
  assertEquals(offsets(concatenate([c, d], 1)), [undefined, undefined]);
});

Deno.test("placeParts: what padding surrounds is copied, after the zeros", () => {
  assertEquals(offsets(pad(result("a", [64]), [0], [64])), [undefined]);
});

Deno.test("flatPosition: numbers positions in row-major order", () => {
  assertEquals(flatPosition([1, 0, 2], [2, 3, 4]), 14);
});
