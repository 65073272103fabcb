import { assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../engine/graph/tensor.ts";
import { multiply } from "../../../engine/ops/elementwise.ts";
import {
  batchNorm,
  l2Normalize,
  layerNorm,
  normalizeWith,
  softmax,
} from "../../../engine/ops/normalization.ts";
import { Program } from "../../../engine/program.ts";
import { randomArray, testWithSeed } from "../../random.ts";
import { assertClose, checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";
import { evaluate } from "../reference.ts";

testOnDevices(
  "normalizations: values and gradients agree with float64",
  (device) =>
    checkOperations(device, [
      {
        name: "batchNorm",
        shapes: [[5, 3, 4, 6], [6], [6]],
        operation: (x, scale, shift) => batchNorm(x, scale, shift).output,
        tolerance: 1e-4,
      },
      {
        name: "batchNorm of long columns",
        shapes: [[64, 8, 8, 3], [3], [3]],
        operation: (x, scale, shift) => batchNorm(x, scale, shift).output,
        tolerance: 1e-4,
      },
      {
        name: "normalizeWith",
        shapes: [[7, 5], [5], [5], [5], [5]],
        operation: (x, mean, variance, scale, shift) =>
          normalizeWith(x, { mean, variance }, scale, shift),
        low: 0.3,
        high: 2,
      },
      {
        name: "layerNorm",
        shapes: [[3, 5, 19], [19], [19]],
        operation: (x, scale, shift) => layerNorm(x, scale, shift),
        tolerance: 1e-4,
      },
      {
        name: "softmax",
        shapes: [[5, 3, 17]],
        operation: (x) => softmax(multiply(x, 5)),
      },
      {
        name: "l2Normalize",
        shapes: [[6, 11]],
        operation: (x) => l2Normalize(x),
      },
      {
        name: "l2Normalize of vectors shorter than epsilon",
        shapes: [[6, 11]],
        operation: (x) => l2Normalize(x, 4),
      },
    ]),
);

testOnDevices(
  "softmax, l2Normalize: large inputs neither overflow nor divide by zero",
  async (device) => {
    const x = input("x", [3, 2]);
    const program = await Program.compile(device, {
      outputs: [softmax(x), l2Normalize(multiply(x, 1e-3))],
    });
    const [probabilities, units] = await program.evaluate({
      x: new Float32Array([1000, -1000, 0, 0, -1000, -1000]),
    });
    program.destroy();
    assertEquals([...probabilities], [1, 0, 0.5, 0.5, 0.5, 0.5]);
    assertEquals([...units.slice(2, 4)], [0, 0]);
  },
);

/** Rows of `width` values. */
function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  return Array.from(
    { length: values.length / width },
    (_, row) =>
      Array.from({ length: width }, (_, i) => values[row * width + i]),
  );
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
}

// the graph of an operation, in float64, against its definition written out
testWithSeed("normalizations: their graphs are their definitions", () => {
  const [N, WIDTH] = [5, 7];
  const x = input("x", [N, WIDTH]);
  const [scale, shift] = [input("scale", [WIDTH]), input("shift", [WIDTH])];
  const values = {
    x: randomArray(N * WIDTH),
    scale: randomArray(WIDTH),
    shift: randomArray(WIDTH),
  };
  const batch = batchNorm(x, scale, shift, 1e-3);
  const [normalized, mean, variance, layer, soft, unit] = evaluate([
    batch.output,
    batch.mean,
    batch.variance,
    layerNorm(x, scale, shift, 1e-3),
    softmax(x),
    l2Normalize(x),
  ], values);
  const rows = rowsOf(values.x, WIDTH);
  const columns = rows[0].map((_, j) => rows.map((row) => row[j]));
  const affine = (value: number, j: number) =>
    value * values.scale[j] + values.shift[j];
  const standardize = (value: number, all: readonly number[]) =>
    (value - meanOf(all)) / Math.sqrt(varianceOf(all) + 1e-3);
  const check = (actual: ArrayLike<number>, expected: number[], what: string) =>
    assertClose(actual, expected, what, 1e-12);
  check(mean, columns.map(meanOf), "mean");
  check(variance, columns.map(varianceOf), "variance");
  check(
    normalized,
    rows.flatMap((row) =>
      row.map((value, j) => affine(standardize(value, columns[j]), j))
    ),
    "batchNorm",
  );
  check(
    layer,
    rows.flatMap((row) =>
      row.map((value, j) => affine(standardize(value, row), j))
    ),
    "layerNorm",
  );
  check(
    soft,
    rows.flatMap((row) => {
      const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
      return row.map((value) => Math.exp(value) / total);
    }),
    "softmax",
  );
  check(
    unit,
    rows.flatMap((row) => row.map((value) => value / Math.hypot(...row))),
    "l2Normalize",
  );
});

Deno.test("batchNorm, normalizeWith, layerNorm: refuse anything but one number per channel", () => {
  const x = input("x", [4, 3]);
  const fitting = input("y", [3]);
  for (const shape of [[4, 3], [1], [2, 1, 1], [1, 3], []]) {
    const other = input("z", shape);
    const statistics = { mean: fitting, variance: fitting };
    for (
      const [role, normalize] of [
        ["scale", () => batchNorm(x, other, fitting)],
        ["shift", () => batchNorm(x, fitting, other)],
        ["scale", () => layerNorm(x, other, fitting)],
        ["shift", () => layerNorm(x, fitting, other)],
        ["scale", () => normalizeWith(x, statistics, other, fitting)],
        ["shift", () => normalizeWith(x, statistics, fitting, other)],
        [
          "mean",
          () =>
            normalizeWith(x, { ...statistics, mean: other }, fitting, fitting),
        ],
        [
          "variance",
          () =>
            normalizeWith(
              x,
              { ...statistics, variance: other },
              fitting,
              fitting,
            ),
        ],
      ] as const
    ) {
      assertThrows(
        normalize,
        RangeError,
        `the ${role} must be [3], not [${shape}]`,
      );
    }
  }
  const number = input("x", []);
  assertThrows(
    () => batchNorm(number, fitting, fitting),
    RangeError,
    "batchNorm: the input",
  );
});
