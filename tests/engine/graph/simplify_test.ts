import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { alone } from "../../../engine/communicator.ts";
import { simplify } from "../../../engine/graph/simplify.ts";
import {
  constant,
  input,
  Storage,
  type Tensor,
} from "../../../engine/graph/tensor.ts";
import { allReduce } from "../../../engine/ops/collective.ts";
import {
  add,
  divide,
  exp,
  multiply,
  negate,
  subtract,
} from "../../../engine/ops/elementwise.ts";
import {
  customGradient,
  stopGradient,
} from "../../../engine/ops/gradient_flow.ts";
import { iota } from "../../../engine/ops/iota.ts";
import { broadcastTo, permute, reshape } from "../../../engine/ops/movement.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { Draw } from "../../fuzz/draw.ts";
import { seed, withSeed } from "../../random.ts";
import { randomGraph } from "../random_graph.ts";
import { evaluate } from "../reference.ts";

const x = input("x", [3]);

/** What stands for a node in the simplified graph of it. */
function simple(node: Tensor): Tensor {
  return simplify([node]).resolve(node);
}

Deno.test("simplify: merges equal nodes, inputs of one name and views of one storage", () => {
  const storage = new Storage("w", 6);
  const same: [Tensor, Tensor][] = [
    [exp(x), exp(input("x", [3]))],
    [storage.tensor([2], 1, "a"), storage.tensor([2], 1, "b")],
    [multiply(x, 2), multiply(x, 2)],
  ];
  for (const [a, b] of same) {
    const { resolve } = simplify([a, b]);
    assertEquals(resolve(a), resolve(b));
  }
});

Deno.test("simplify: keeps apart what differs in name, offset, storage, attribute, shape or stream", () => {
  const storages = ["w", "w"].map((name) => new Storage(name, 6));
  const random = new RandomSource(input("key", [2], "u32"));
  const different: [Tensor, Tensor][] = [
    [x, input("y", [3])],
    [storages[0].tensor([2], 1), storages[0].tensor([2], 2)],
    [storages[0].tensor(), storages[1].tensor()],
    [subtract(x, exp(x)), subtract(exp(x), x)],
    [iota([2, 2], 0), iota([2, 2], 1)],
    [random.uniform([3]), random.uniform([3])],
    [constant(0), constant(-0)],
    [constant(NaN), constant(Infinity)],
    [constant(Infinity), constant(-Infinity)],
    [constant(0), constant(0, [], "i32")],
  ];
  for (const [a, b] of different) {
    const { resolve } = simplify([a, b]);
    assertNotEquals(resolve(a).id, resolve(b).id);
  }
});

Deno.test("simplify: removes what only differentiation looks at", () => {
  assertEquals(simple(stopGradient(x)), x);
  const custom = customGradient(exp(x), [x], (dy) => [dy]);
  assertEquals(simple(custom).operation, exp(x).operation);
  assertEquals(simplify([custom]).nodes.length, 2);
});

Deno.test("simplify: folds arithmetic with constants that changes nothing", () => {
  const unchanged = [
    add(x, 0),
    add(0, x),
    subtract(x, 0),
    multiply(x, 1),
    multiply(1, x),
    divide(x, 1),
  ];
  for (const node of unchanged) assertEquals(simple(node), x);
  const changed = [
    subtract(0, x),
    divide(1, x),
    multiply(x, 0),
    add(x, 1),
    multiply(x, -1),
  ];
  for (const node of changed) assertEquals(simple(node), node);
});

Deno.test("simplify: folds functions and movements of constants", () => {
  const folded: [Tensor, number][] = [
    [add(constant(2, [3]), 3), 5],
    [multiply(constant(2, [3]), 3), 6],
    [negate(constant(2, [3])), -2],
    [permute(reshape(constant(4, [6]), [2, 3]), [1, 0]), 4],
    [broadcastTo(reshape(constant(4, [6]), [1, 6]), [5, 6]), 4],
  ];
  for (const [node, value] of folded) {
    const { operation, shape } = simple(node);
    assert(operation.kind === "constant");
    assertEquals(operation.value, value);
    assertEquals(shape, node.shape);
  }
});

Deno.test("simplify: leaves to the device what an integer constant cannot hold", () => {
  const most = constant(2 ** 31 - 1, [3], "i32");
  for (const node of [add(most, 1), multiply(most, 2)]) {
    assertEquals(simple(node), node);
  }
});

Deno.test("simplify: leaves out nodes that the result does not need", () => {
  const { nodes } = simplify([stopGradient(x)]);
  assertEquals(nodes, [x]);
});

Deno.test("simplify: random graphs keep their values", () =>
  withSeed("simplify", () => {
    for (let i = 0; i < 20; i++) {
      const { outputs, feeds } = randomGraph(new Draw(seed, i), 25);
      const { resolve, nodes } = simplify(outputs);
      assertEquals(
        evaluate(outputs.map(resolve), feeds),
        evaluate(outputs, feeds),
      );
      for (const [j, node] of nodes.entries()) {
        assert(node.inputs.every((each) => nodes.indexOf(each) < j));
      }
    }
  }));

Deno.test("simplify: keeps exchanges over different communicators apart, which may look alike", () => {
  const [some, others] = [{ ...alone, size: 2 }, { ...alone, size: 2 }];
  const exchanges = [some, some, others].map((c) => allReduce(x, c));
  const [first, same, other] = exchanges.map(simplify(exchanges).resolve);
  assertEquals(same.id, first.id);
  assertNotEquals(other.id, first.id);
});
