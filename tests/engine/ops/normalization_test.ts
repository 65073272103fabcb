import { assertEquals } from "@std/assert";
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
import { checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

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
