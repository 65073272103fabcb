/**
 * Of engine/ops/elementwise.ts, engine/ops/elementwise_operations.ts, engine/ops/iota.ts,
 * engine/ops/materialize.ts and engine/ops/gradient_flow.ts together.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../../engine/graph/gradient.ts";
import { constant, input, type Tensor } from "../../../engine/graph/tensor.ts";
import {
  abs,
  add,
  cast,
  clamp,
  divide,
  equal,
  erf,
  exp,
  floor,
  gelu,
  isFinite,
  less,
  log,
  maximum,
  minimum,
  multiply,
  negate,
  relu,
  select,
  sqrt,
  subtract,
  tanh,
} from "../../../engine/ops/elementwise.ts";
import {
  customGradient,
  stopGradient,
} from "../../../engine/ops/gradient_flow.ts";
import { iota } from "../../../engine/ops/iota.ts";
import { materialize } from "../../../engine/ops/materialize.ts";
import { permute, sliceAxis } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import {
  checkForward,
  checkOperations,
  type OperationCheck,
} from "../compare.ts";
import { testOnDevices } from "../devices.ts";

/** One element, a prime number of elements, and more than a vector in rows of odd length. */
const shapes = [[1], [13], [5, 67]];

testOnDevices(
  "unary functions: values and gradients agree with float64",
  (device) =>
    checkOperations(
      device,
      shapes.flatMap((shape): OperationCheck[] => [
        { name: "exp", shapes: [shape], operation: exp },
        {
          name: "exp of a wide range",
          shapes: [shape],
          operation: exp,
          low: -20,
          high: 5,
          gradient: false,
        },
        { name: "log", shapes: [shape], operation: log, low: 0.05, high: 20 },
        { name: "sqrt", shapes: [shape], operation: sqrt, low: 0.1, high: 9 },
        { name: "tanh", shapes: [shape], operation: tanh, low: -4, high: 4 },
        {
          name: "tanh of a wide range",
          shapes: [shape],
          operation: tanh,
          low: -100,
          high: 100,
          gradient: false,
        },
        { name: "erf", shapes: [shape], operation: erf, low: -4, high: 4 },
        { name: "gelu", shapes: [shape], operation: gelu, low: -4, high: 4 },
        {
          name: "relu, abs, negate and clamp",
          shapes: [shape],
          operation: (x) =>
            add(relu(x), add(abs(negate(x)), clamp(x, -0.4, 0.3))),
        },
      ]),
    ),
);

testOnDevices(
  "binary functions: values and gradients agree with float64",
  (device) =>
    checkOperations(device, [
      ...shapes.flatMap((shape): OperationCheck[] => [
        {
          name: "add and subtract",
          shapes: [shape, shape],
          operation: (a, b) => subtract(add(a, 2), b),
        },
        {
          name: "multiply and divide",
          shapes: [shape, shape],
          operation: (a, b) => divide(multiply(a, 3), b),
          low: 0.5,
          high: 2,
        },
        {
          name: "maximum and minimum",
          shapes: [shape, shape],
          operation: (a, b) => minimum(maximum(a, b), multiply(b, -1.5)),
        },
        {
          name: "floor, less and equal",
          shapes: [shape, shape],
          operation: (a, b) =>
            add(
              multiply(less(a, b), 4),
              equal(floor(multiply(a, 2)), floor(multiply(b, 2))),
            ),
          gradient: false,
        },
        {
          name: "select",
          shapes: [shape, shape],
          operation: (a, b) => select(less(a, b), multiply(a, 2), b),
        },
      ]),
      {
        name: "broadcasting",
        shapes: [[3, 1, 5], [4, 1], [1]],
        operation: (a, b, c) => multiply(add(a, b), c),
      },
      {
        name: "casts and positions",
        shapes: [[3, 11]],
        operation: (x) =>
          add(
            cast(cast(multiply(x, 50), "i32"), "f32"),
            iota([3, 11], 1, "f32"),
          ),
        gradient: false,
      },
    ]),
);

testOnDevices("cast: bytes become numbers", async (device) => {
  const bytes = input("bytes", [5, 7], "u8");
  const outputs = [
    cast(bytes, "f32"),
    permute(cast(bytes, "f32"), [1, 0]),
    cast(sliceAxis(bytes, 1, 3, 6), "i32"),
  ];
  await checkForward(device, outputs, {
    bytes: Uint8Array.from({ length: 35 }, (_, i) => (i * 89 + 3) % 256),
  }, 0);
});

testOnDevices(
  "isFinite: is 0 for NaN and infinities alone, decided by bits",
  async (device) => {
    const cases: [number, number][] = [
      [NaN, 0],
      [-NaN, 0],
      [Infinity, 0],
      [-Infinity, 0],
      [3.4028234663852886e38, 1],
      [-3.4028234663852886e38, 1],
      [1e-45, 1],
      [-1e-45, 1],
      [1.1e-38, 1],
      [0, 1],
      [-0, 1],
      [1, 1],
      [-7.5, 1],
    ];
    const x = input("x", [cases.length]);
    const program = await Program.compile(device, {
      outputs: [
        isFinite(x),
        // beside a value that decides, as a training step has it
        select(isFinite(sum(x)), x, constant(2, x.shape)),
        // what arithmetic makes, and not only what is loaded
        isFinite(multiply(x, 1e30)),
      ],
    });
    const feeds = { x: Float32Array.from(cases, ([value]) => value) };
    const [found, replaced, scaled] = await program.evaluate(feeds);
    program.destroy();
    assertEquals([...found], cases.map(([, expected]) => expected));
    assertEquals([...replaced], cases.map(() => 2));
    const expected = cases.map(([value]) =>
      Number.isFinite(Math.fround(Math.fround(value) * Math.fround(1e30)))
        ? 1
        : 0
    );
    assertEquals([...scaled], expected);
  },
);

Deno.test("isFinite: has no gradient", () => {
  const x = input("x", [3]);
  const [slope] = gradient(sum(multiply(isFinite(x), 2)), [x]);
  assertEquals(slope.operation, constant(0, [3]).operation);
});

testOnDevices(
  "stopGradient, materialize: the values stay, and a stopped branch has no gradient",
  async (device) => {
    const x = input("x", [7]);
    const y = add(
      multiply(materialize(x), x),
      stopGradient(multiply(multiply(x, x), 5)),
    );
    const feeds = { x: Float32Array.from({ length: 7 }, (_, i) => i - 3.5) };
    const program = await Program.compile(device, {
      outputs: [y, ...gradient(sum(y), [x])],
    });
    const [values, slope] = await program.evaluate(feeds);
    program.destroy();
    assertEquals([...values], [...feeds.x].map((value) => 6 * value * value));
    assertEquals([...slope], [...feeds.x].map((value) => 2 * value));
  },
);

testOnDevices(
  "customGradient: its backward replaces what the value would give",
  async (device) => {
    const x = input("x", [5]);
    const y = customGradient(multiply(x, x), [x], (dy) => [multiply(dy, 7)]);
    const program = await Program.compile(device, {
      outputs: [y, ...gradient(sum(y), [x])],
    });
    const [values, slope] = await program.evaluate({
      x: new Float32Array([1, 2, 3, 4, 5]),
    });
    program.destroy();
    assertEquals([...values], [1, 4, 9, 16, 25]);
    assertEquals([...slope], [7, 7, 7, 7, 7]);
  },
);

Deno.test("elementwise: refuses element types that a function does not take", () => {
  const bytes = input("x", [2], "u8");
  const integers = input("x", [2], "i32");
  for (const f of [exp, log, sqrt, tanh, erf, floor, isFinite]) {
    assertThrows(() => f(integers), TypeError, "needs f32");
  }
  for (const f of [negate, abs]) {
    assertThrows(() => f(bytes), TypeError, "not u8");
    assertEquals(f(integers).dtype, "i32");
  }
  assertThrows(() => divide(integers, 2), TypeError, "divide needs f32");
  assertThrows(() => add(bytes, 1), TypeError, "cast");
  assertThrows(() => add(integers, input("y", [2])), TypeError, "one type");
  assertThrows(() => select(bytes, 1, 2), TypeError, "condition");
});

Deno.test("elementwise: refuses shapes that do not broadcast, and axes that are not there", () => {
  const x = input("x", [2, 3]);
  assertThrows(() => add(x, input("y", [2])), RangeError, "broadcast");
  assertThrows(() => select(input("c", [4]), x, 0), RangeError, "broadcast");
  for (const axis of [2, -3, 0.5, NaN]) {
    assertThrows(() => iota([2, 3], axis), RangeError, "axis");
  }
});

Deno.test("elementwise: refuses numbers that the integers beside them cannot be", () => {
  const integers = input("x", [2], "i32");
  assertThrows(
    () => add(integers, 1.5),
    RangeError,
    "1.5 cannot be a constant of i32",
  );
  assertThrows(() => gelu(integers), RangeError, "0.5 cannot be");
  assertThrows(
    () => less(input("x", [2], "u32"), -1),
    RangeError,
    "-1 cannot be",
  );
});

/** The kinds and names of all operations that `x` depends on. */
function operationsOf(x: Tensor, found = new Set<string>()): Set<string> {
  const { operation } = x;
  found.add(operation.kind === "binary" ? operation.name : operation.kind);
  x.inputs.forEach((before) => operationsOf(before, found));
  return found;
}

// a GPU may round x * 0.9 + 0.01 in one way for the value and in another for its gradient, as an H100 does
Deno.test("maximum, minimum: their gradient compares with the value only where a constant is the other one", () => {
  const x = input("x", [3]);
  const [computed, other] = [add(multiply(x, 0.9), 0.01), input("y", [3])];
  const dependsOn = (y: Tensor, name: string) =>
    operationsOf(gradient(sum(y), [x])[0]).has(name);
  assertEquals(dependsOn(maximum(other, computed), "maximum"), false);
  assertEquals(dependsOn(minimum(computed, other), "minimum"), false);
  assertEquals(dependsOn(relu(computed), "maximum"), true);
});
