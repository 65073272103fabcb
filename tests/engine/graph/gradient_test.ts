import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradient, reachable } from "../../../engine/graph/gradient.ts";
import { definitions } from "../../../engine/graph/operations.ts";
import { constant, input, type Tensor } from "../../../engine/graph/tensor.ts";
import { convolution } from "../../../engine/ops/convolution.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { maxPool } from "../../../engine/ops/pooling.ts";
import {
  add,
  cast,
  equal,
  exp,
  floor,
  isFinite,
  less,
  multiply,
  select,
} from "../../../engine/ops/elementwise.ts";
import {
  customGradient,
  stopGradient,
} from "../../../engine/ops/gradient_flow.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { assertClose } from "../compare.ts";
import { evaluate } from "../reference.ts";

const x = input("x", [3]);

Deno.test("gradient: contributions of several users are added, and a target may be a node inside", () => {
  const inside = multiply(x, 2);
  const loss = sum(add(multiply(inside, inside), multiply(inside, 3)));
  const slopes = gradient(loss, [x, inside, loss]);
  const values = { x: [1, 2, 3] };
  const [atX, atInside, atLoss] = evaluate(slopes, values);
  assertEquals([...atInside], [7, 11, 15]);
  assertEquals([...atX], [14, 22, 30]);
  assertEquals([...atLoss], [1]);
});

Deno.test("gradient: what contributes nothing leaves the other contributions alone, whichever comes first", () => {
  const doubled = multiply(x, 2);
  for (const both of [add(doubled, floor(x)), add(floor(x), doubled)]) {
    const [slope] = evaluate(gradient(sum(both), [x]), { x: [1.5, 2.5, 3.5] });
    assertEquals([...slope], [2, 2, 2]);
  }
});

Deno.test("gradient: a target that the loss does not depend on gets zeros", () => {
  const other = input("other", [2, 2]);
  const [slope] = gradient(sum(x), [other]);
  assertEquals(slope.operation, constant(0, [2, 2]).operation);
});

Deno.test("gradient: refuses a loss of more than one element", () => {
  assertThrows(() => gradient(x, [x]), RangeError, "one element, not [3]");
});

Deno.test("gradient: ends on purpose at comparisons, casts, random numbers and stopGradient", () => {
  const random = new RandomSource(input("key", [2], "u32"));
  const ends = [
    floor(x),
    isFinite(x),
    less(x, 1),
    equal(x, 1),
    cast(cast(x, "i32"), "f32"),
    stopGradient(x),
    multiply(random.uniform([3]), 1),
    select(x, 2, 3),
  ];
  for (const end of ends) {
    const [slope] = evaluate(gradient(sum(end), [x]), { x: [1, 2, 3] });
    assertEquals([...slope], [0, 0, 0], end.operation.kind);
  }
});

Deno.test("gradient: refuses contributions that are too few, too many, or of another shape or type", () => {
  const wrong = (backward: (dy: Tensor) => (Tensor | undefined)[]) => () =>
    gradient(sum(customGradient(multiply(x, 2), [x], backward)), [x]);
  const refused: [() => unknown, typeof Error, string][] = [
    [wrong(() => []), TypeError, "customGradient gives 1 gradients for 2"],
    [wrong((dy) => [dy, dy]), TypeError, "gives 3 gradients for 2"],
    [wrong((dy) => [sum(dy)]), RangeError, "input 1 of [3] a gradient of []"],
    [
      wrong(() => [constant(1, [3], "i32")]),
      TypeError,
      "customGradient gives input 1, f32, a gradient of i32",
    ],
  ];
  for (const [call, type, message] of refused) {
    assertThrows(call, type, message);
  }
  const none = gradient(
    sum(customGradient(multiply(x, 2), [x], () => [undefined])),
    [x],
  );
  assertEquals(none[0].operation, constant(0, [3]).operation);
});

Deno.test("gradient: refuses to differentiate what has no rule, by name", () => {
  const image = input("image", [1, 4, 4, 1]);
  const weight = input("weight", [3, 3, 1, 1]);
  const twice = (y: Tensor, target: Tensor) => () => {
    const [slope] = gradient(sum(multiply(y, y)), [target]);
    return gradient(sum(multiply(slope, slope)), [target]);
  };
  const pooled = maxPool(image, { size: 2, stride: 2, padding: 0 });
  assertThrows(twice(pooled, image), TypeError, "maxPoolGradient cannot");
  const convolved = convolution(image, weight);
  assertThrows(
    twice(convolved, image),
    TypeError,
    "convolutionInputGradient cannot",
  );
  assertThrows(
    twice(convolved, weight),
    TypeError,
    "convolutionWeightGradient cannot",
  );
});

Deno.test("gradient: can be taken of a gradient", () => {
  const a = input("a", [2, 2]);
  const loss = sum(exp(matmul(a, a)));
  const [slope] = gradient(loss, [a]);
  const along = sum(multiply(slope, input("v", [2, 2])));
  const [second] = gradient(along, [a]);
  const values = { a: [0.1, -0.2, 0.3, 0.4], v: [1, -1, 0.5, 2] };
  const [actual] = evaluate([second], values);
  const step = 1e-6;
  const expected = values.a.map((_, i) => {
    const [ahead, behind] = [step, -step].map((distance) =>
      evaluate([along], {
        ...values,
        a: values.a.with(i, values.a[i] + distance),
      })[0][0]
    );
    return (ahead - behind) / (2 * step);
  });
  assertClose(actual, expected, "second derivative", 1e-7);
});

Deno.test("gradient: every kind of operation has a rule, or says that it has none", () => {
  for (const [kind, definition] of Object.entries(definitions)) {
    assert(typeof definition.gradient === "function", kind);
  }
});

Deno.test("reachable: gives each node once, inputs before their users", () => {
  const y = add(x, multiply(x, x));
  const nodes = reachable([y, x]);
  assertEquals(new Set(nodes).size, nodes.length);
  for (const [i, node] of nodes.entries()) {
    assert(node.inputs.every((each) => nodes.indexOf(each) < i));
  }
});
