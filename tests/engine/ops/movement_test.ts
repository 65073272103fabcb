import { assertEquals, assertThrows } from "@std/assert";
import { constant, input } from "../../../engine/graph/tensor.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { multiply, negate } from "../../../engine/ops/elementwise.ts";
import { materialize } from "../../../engine/ops/materialize.ts";
import {
  broadcastTo,
  concatenate,
  normalizeAxes,
  pad,
  permute,
  reshape,
  slice,
  sliceAxis,
} from "../../../engine/ops/movement.ts";
import { Program } from "../../../engine/program.ts";
import { randomArray } from "../../random.ts";
import { checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

testOnDevices(
  "movements: values and gradients agree with float64",
  (device) =>
    checkOperations(device, [
      {
        name: "permute",
        shapes: [[3, 4, 5]],
        operation: (x) => permute(x, [2, 0, 1]),
      },
      {
        name: "reshape of a computed value, merging axes",
        shapes: [[3, 4, 5]],
        operation: (x) => reshape(permute(x, [1, 0, 2]), [4, 15]),
      },
      {
        name: "reshape of a computed value, splitting an axis",
        shapes: [[4, 15]],
        operation: (x) => reshape(multiply(x, 2), [4, -1, 5]),
      },
      {
        name: "slice",
        shapes: [[5, 7, 3]],
        operation: (x) => slice(x, [1, 2, 0], [3, 4, 2]),
      },
      {
        name: "slice along the last axis",
        shapes: [[5, 7]],
        operation: (x) => sliceAxis(x, -1, 3, 6),
      },
      {
        name: "pad",
        shapes: [[2, 3]],
        operation: (x) => pad(x, [1, 0], [2, 4]),
      },
      {
        name: "concatenate along the first axis",
        shapes: [[2, 5], [64, 5]],
        operation: (a, b) => concatenate([multiply(a, 2), b, a]),
      },
      {
        name: "concatenate along the last axis",
        shapes: [[3, 2], [3, 5]],
        operation: (a, b) => concatenate([a, b, a], -1),
      },
      {
        name: "concatenate of products in place",
        shapes: [[8, 16], [16, 8]],
        operation: (a, b) =>
          concatenate([
            reshape(matmul(a, b), [64]),
            reshape(matmul(b, a), [256]),
          ]),
      },
      {
        name: "broadcastTo",
        shapes: [[3, 1]],
        operation: (x) => broadcastTo(x, [2, 3, 4]),
      },
    ]),
);

testOnDevices(
  "concatenate: a result may occur more than once",
  async (device) => {
    // of a size at which results are computed in place
    const size = 64;
    const results = [0, 1].map((i) =>
      materialize(negate(input(`x${i}`, [size])))
    );
    const order = [0, 1, 0, 0, 1];
    const program = await Program.compile(device, {
      outputs: [concatenate(order.map((i) => results[i]))],
    });
    const [x0, x1] = [randomArray(size), randomArray(size)];
    const [actual] = await program.evaluate({ x0, x1 });
    program.destroy();
    const expected = order.flatMap((i) => [...[x0, x1][i].map((x) => -x)]);
    assertEquals([...actual], expected);
  },
);

Deno.test("normalizeAxes: counts from the end, and refuses axes that are not there or occur twice", () => {
  assertEquals(normalizeAxes([-1, 0], 3), [2, 0]);
  for (const axes of [[3], [-4], [1.5], [NaN], [0, -3]]) {
    assertThrows(() => normalizeAxes(axes, 3), RangeError, "ax");
  }
});

Deno.test("movements: refuse what does not fit, each with the shapes in its message", () => {
  const x = input("x", [2, 6]);
  const refused: [() => unknown, string][] = [
    [() => reshape(x, [5]), "cannot reshape [2,6] to [5]"],
    [() => reshape(x, [-1, -1]), "cannot reshape"],
    [() => reshape(x, [-2, -6]), "at least 1"],
    [() => reshape(x, [5, -1]), "at least 1"],
    [() => permute(x, [0]), "does not order"],
    [() => permute(x, [0, 0]), "twice"],
    [() => permute(x, [0, NaN]), "axis NaN"],
    [() => broadcastTo(x, [6]), "does not broadcast"],
    [() => broadcastTo(x, [2, 7]), "does not broadcast"],
    [() => broadcastTo(constant(1), [0]), "at least 1"],
    [() => slice(x, [0], [2]), "outside"],
    [() => slice(x, [0, NaN], [2, 2]), "outside"],
    [() => slice(x, [0, 0], [2, NaN]), "outside"],
    [() => slice(x, [0, 0.5], [2, 2]), "outside"],
    [() => slice(x, [-1, 0], [2, 2]), "outside"],
    [() => slice(x, [0, 3], [2, 4]), "outside"],
    [() => slice(x, [0, 0], [2, 0]), "outside"],
    [() => sliceAxis(x, 1, 4, 4), "outside"],
    [() => sliceAxis(x, 2, 0, 1), "axis 2"],
    [() => pad(x, [0], [0]), "needs 2 numbers"],
    [() => pad(x, [0, -1], [0, 0]), "at least 0"],
    [() => pad(x, [0, 0], [0, 0.5]), "at least 0"],
    [() => concatenate([]), "nothing to concatenate"],
    [() => concatenate([x, input("y", [2, 5])]), "along axis 0"],
    [() => concatenate([x, input("y", [2, 6], "i32")]), "i32"],
    [() => concatenate([x, x], 2), "axis 2"],
  ];
  for (const [call, message] of refused) {
    assertThrows(call, RangeError, message);
  }
  const bytes = input("x", [2], "u8");
  assertThrows(() => pad(bytes, [1], [0]), TypeError, "u8");
  assertThrows(() => concatenate([bytes, bytes]), TypeError, "u8");
});
