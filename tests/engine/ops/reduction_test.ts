import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { cast, multiply } from "../../../engine/ops/elementwise.ts";
import {
  argmax,
  max,
  mean,
  min,
  sum,
  variance,
} from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

testOnDevices(
  "reductions: values and gradients agree with float64",
  (device) =>
    checkOperations(device, [
      {
        name: "sum of everything",
        shapes: [[7, 3, 5]],
        operation: (x) => sum(x),
      },
      {
        name: "sum of one element",
        shapes: [[1, 1]],
        operation: (x) => sum(x),
      },
      {
        name: "sum over rows",
        shapes: [[37, 19]],
        operation: (x) => sum(x, { axes: [0] }),
      },
      {
        name: "sum over columns",
        shapes: [[37, 19]],
        operation: (x) => sum(x, { axes: [1] }),
      },
      {
        name: "sum over outer and inner axes",
        shapes: [[5, 7, 6]],
        operation: (x) => sum(x, { axes: [0, 2] }),
      },
      {
        name: "mean over the middle",
        shapes: [[5, 7, 6]],
        operation: (x) => mean(x, { axes: [1], keepAxes: true }),
      },
      {
        name: "long sum in parts",
        shapes: [[4096, 5]],
        operation: (x) => sum(x, { axes: [0] }),
        tolerance: 1e-4,
      },
      {
        name: "long mean of one value in parts",
        shapes: [[128, 64]],
        operation: (x) => mean(multiply(x, x)),
      },
      {
        name: "long mean with an epilogue that reads",
        shapes: [[2048, 3], [3]],
        operation: (x, y) => multiply(mean(x, { axes: [0] }), y),
      },
      {
        name: "max along an axis",
        shapes: [[6, 17]],
        operation: (x) => max(x, { axes: [1] }),
      },
      {
        name: "max over rows",
        shapes: [[17, 6]],
        operation: (x) => max(x, { axes: [0] }),
      },
      {
        name: "long max in parts",
        shapes: [[4099 * 2]],
        operation: (x) => max(x),
      },
      {
        name: "min of everything",
        shapes: [[11, 3]],
        operation: (x) => min(x),
      },
      {
        name: "variance",
        shapes: [[9, 13]],
        operation: (x) => variance(x, { axes: [0] }),
      },
      {
        name: "argmax",
        shapes: [[9, 31]],
        operation: (x) => cast(argmax(x, 1), "f32"),
        gradient: false,
      },
    ]),
);

testOnDevices(
  "max: equal maxima share the gradient, argmax takes the first",
  async (device) => {
    const x = input("x", [2, 4]);
    const [slope] = gradient(sum(max(x, { axes: [1] })), [x]);
    const program = await Program.compile(device, {
      outputs: [slope, argmax(x, 1)],
    });
    const [shares, first] = await program.evaluate({
      x: new Float32Array([1, 3, 3, 0, -1, -2, -3, -4]),
    });
    program.destroy();
    assertEquals([...shares], [0, 0.5, 0.5, 0, 1, 0, 0, 0]);
    assertEquals([...first], [1, 0]);
  },
);

testOnDevices(
  "min: of integers reaches to the lowest and the highest",
  async (device) => {
    const x = input("x", [2, 2], "i32");
    const program = await Program.compile(device, {
      outputs: [min(x, { axes: [1] })],
    });
    const [lowest, highest] = [-(2 ** 31), 2 ** 31 - 1];
    const [values] = await program.evaluate({
      x: new Int32Array([lowest, 5, highest, highest]),
    });
    program.destroy();
    assertEquals([...values], [lowest, highest]);
  },
);

testOnDevices(
  "argmax: gives positions that a float has no digits for",
  async (device) => {
    const size = 2 ** 24 + 10;
    const x = input("x", [size], "u8");
    const program = await Program.compile(device, {
      outputs: [argmax(cast(x, "f32"), 0)],
    });
    const values = new Uint8Array(size);
    values[2 ** 24 + 1] = 1;
    const [position] = await program.evaluate({ x: values });
    program.destroy();
    assertEquals([...position], [2 ** 24 + 1]);
  },
);

testOnDevices(
  "argmax: gives a position that is there, also beside a NaN",
  async (device) => {
    const x = input("x", [2, 3]);
    const program = await Program.compile(device, { outputs: [argmax(x, 1)] });
    const [positions] = await program.evaluate({
      x: new Float32Array([NaN, 1, 2, NaN, NaN, NaN]),
    });
    program.destroy();
    for (const position of positions) assert(position >= 0 && position < 3);
  },
);

Deno.test("reductions: refuse axes that are not there or occur twice, and bytes", () => {
  const x = input("x", [2, 3]);
  for (const axes of [[2], [-3], [0.5], [NaN], [0, 0], [1, -1]]) {
    for (const f of [sum, max, min, mean, variance]) {
      assertThrows(() => f(x, { axes }), RangeError, "ax");
    }
  }
  assertThrows(() => argmax(x, NaN), RangeError, "axis NaN");
  assertThrows(() => sum(input("x", [2], "u8")), TypeError, "u8");
});

Deno.test("mean, variance: refuse integers, whose mean is a fraction", () => {
  for (const f of [mean, variance]) {
    assertThrows(
      () => f(input("x", [2, 4], "i32")),
      TypeError,
      "mean needs f32, not i32",
    );
  }
});
