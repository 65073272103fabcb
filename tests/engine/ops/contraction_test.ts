/**
 * Of engine/ops/matmul.ts, engine/ops/convolution.ts, engine/ops/pooling.ts, engine/ops/window.ts and
 * engine/ops/check_floats.ts together, in programs that are compiled once.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { convolution } from "../../../engine/ops/convolution.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { maxPool } from "../../../engine/ops/pooling.ts";
import { windowCount } from "../../../engine/ops/window.ts";
import { permute, reshape, sliceAxis } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import {
  checkForward,
  checkOperations,
  type OperationCheck,
} from "../compare.ts";
import { testOnDevices } from "../devices.ts";

const products = [
  [1, 1, 1],
  [7, 13, 5],
  [6, 8, 8],
  [67, 131, 19],
  [64, 64, 64],
  [130, 3, 33],
];

testOnDevices(
  "matmul: values and gradients agree with float64",
  (device) =>
    checkOperations(device, [
      ...products.map(([m, k, n]): OperationCheck => ({
        name: `matmul ${m} x ${k} x ${n}`,
        shapes: [[m, k], [k, n]],
        operation: (a, b) => matmul(a, b),
      })),
      {
        name: "matmul, left operand transposed",
        shapes: [[13, 7], [13, 5]],
        operation: (a, b) => matmul(a, b, { transposeA: true }),
      },
      {
        name: "matmul, right operand transposed",
        shapes: [[7, 13], [5, 13]],
        operation: (a, b) => matmul(a, b, { transposeB: true }),
      },
      {
        name: "matmul, both transposed",
        shapes: [[13, 7], [5, 13]],
        operation: (a, b) =>
          matmul(a, b, { transposeA: true, transposeB: true }),
      },
      {
        name: "matmul, batched",
        shapes: [[5, 3, 7, 4], [5, 3, 4, 6]],
        operation: (a, b) => matmul(a, b),
      },
      {
        name: "matmul, left operand shared by the batch",
        shapes: [[7, 4], [9, 4, 6]],
        operation: (a, b) => matmul(a, b),
      },
      {
        name: "matmul, right operand shared by the batch",
        shapes: [[3, 5, 7], [7, 4]],
        operation: (a, b) => matmul(a, b),
      },
      {
        name: "matmul of a permuted operand",
        shapes: [[4, 3, 6], [3, 6, 5]],
        operation: (a, b) => matmul(permute(a, [1, 0, 2]), b),
      },
      {
        name: "matmul, both operands shared by other axes of the batch",
        shapes: [[2, 3, 4, 2, 5], [2, 1, 4, 5, 3]],
        operation: (a, b) => matmul(a, b),
      },
      {
        name: "matmul of operands in opposite orders",
        shapes: [[4, 3, 2, 5, 6], [2, 3, 4, 6, 7]],
        operation: (a, b) => matmul(permute(a, [2, 1, 0, 3, 4]), b),
      },
      {
        name: "matmul with no contiguous axis",
        shapes: [[5, 4, 2], [3, 4, 6]],
        operation: (a, b) =>
          matmul(
            reshape(sliceAxis(permute(a, [2, 0, 1]), 0, 0, 1), [5, 4]),
            reshape(sliceAxis(b, 0, 1, 2), [4, 6]),
          ),
      },
      {
        name: "matmul with a long inner axis",
        shapes: [[3, 2500], [2500, 5]],
        operation: (a, b) => matmul(a, b),
        tolerance: 1e-4,
      },
      ...[1024, 1031].map((k): OperationCheck => ({
        name: "matmul with a long inner axis, left operand transposed",
        shapes: [[k, 7], [k, 9]],
        operation: (a, b) => matmul(a, b, { transposeA: true }),
        tolerance: 1e-4,
      })),
    ]),
);

/** `[n, height, width, inputs]`, size, outputs, stride, padding */
const convolutions: [number[], number, number, number, number][] = [
  [[1, 1, 1, 1], 1, 1, 1, 0],
  [[2, 5, 7, 3], 3, 5, 1, 1],
  [[2, 5, 7, 3], 3, 9, 2, 1],
  [[2, 8, 8, 16], 3, 17, 1, 1],
  [[1, 9, 11, 3], 7, 8, 2, 3],
  [[3, 6, 6, 4], 1, 7, 2, 0],
  [[3, 4, 4, 12], 1, 8, 1, 0],
  [[2, 4, 5, 70], 3, 66, 1, 1],
  [[40, 6, 6, 5], 3, 11, 1, 1],
  // pixels summed in parts, in vectors of channels
  [[30, 7, 5, 13], 3, 10, 1, 1],
  // few pixels, many channels
  [[1, 3, 3, 20], 3, 40, 1, 1],
  // strides make classes of pixels, some of which no window sees
  [[2, 7, 8, 9], 3, 10, 3, 1],
  [[2, 9, 7, 8], 2, 11, 3, 0],
];

testOnDevices(
  "convolution: values and gradients agree with float64",
  (device) =>
    checkOperations(
      device,
      convolutions.map(([shape, size, outputs, stride, padding]) => ({
        name: `convolution ${size}, stride ${stride}, padding ${padding}`,
        shapes: [shape, [size, size, shape[3], outputs]],
        operation: (x, weight) => convolution(x, weight, { stride, padding }),
        tolerance: 5e-5,
      })),
    ),
);

testOnDevices(
  "maxPool: values and gradients agree with float64",
  (device) =>
    checkOperations(
      device,
      [
        { size: 3, stride: 2, padding: 1 },
        { size: 2, stride: 2, padding: 0 },
        { size: 3, stride: 1, padding: 2 },
        { size: 1, stride: 3, padding: 0 },
      ].map((window) => ({
        name: `maxPool ${window.size}, stride ${window.stride}`,
        shapes: [[2, 7, 9, 5]],
        operation: (x) => maxPool(x, window),
      })),
    ),
);

testOnDevices(
  "maxPool: the first of equal maxima takes the gradient",
  async (device) => {
    const x = input("x", [1, 3, 3, 1]);
    const y = maxPool(x, { size: 2, stride: 1, padding: 0 });
    await checkForward(device, gradient(sum(y), [x]), {
      x: new Float32Array(9),
    });
  },
);

Deno.test("matmul: refuses operands that do not fit", () => {
  const a = input("a", [3, 4]);
  assertThrows(() => matmul(a, input("b", [5, 2])), RangeError, "4 and 5");
  assertThrows(() => matmul(a, input("b", [4])), RangeError, "two axes");
  assertThrows(() => matmul(input("a", [], "f32"), a), RangeError, "two axes");
  assertThrows(
    () => matmul(input("a", [2, 3, 4]), input("b", [3, 4, 5])),
    RangeError,
    "broadcast",
  );
  assertThrows(
    () => matmul(a, input("b", [4, 2], "i32")),
    TypeError,
    "needs f32",
  );
});

Deno.test("convolution, maxPool: refuse what is no image, no weight or no window", () => {
  const image = input("x", [1, 5, 5, 2]);
  const weight = input("w", [3, 3, 2, 4]);
  const pool = (size: number, stride: number, padding = 0) => () =>
    maxPool(image, { size, stride, padding });
  const refused: [() => unknown, string][] = [
    [
      () => maxPool(input("x", [5, 5]), { size: 2, stride: 2, padding: 0 }),
      "image",
    ],
    [pool(0, 1), "size of a window"],
    [pool(1.5, 1), "size of a window"],
    [pool(2, 0), "stride of a window"],
    [pool(2, NaN), "stride of a window"],
    [pool(2, 1, -1), "padding of a window"],
    [pool(2, 1, 2), "must be below"],
    [pool(6, 1), "too short"],
    [() => convolution(input("x", [5, 5]), weight), "image"],
    [() => convolution(image, input("w", [3, 3, 2])), "weight"],
    [() => convolution(image, input("w", [3, 2, 2, 4])), "weight"],
    [() => convolution(image, input("w", [3, 3, 3, 4])), "weight"],
    [() => convolution(image, weight, { stride: 0 }), "stride"],
    [
      () => convolution(image, input("w", [1, 1, 2, 4]), { stride: 0 }),
      "stride",
    ],
    [() => convolution(image, weight, { padding: 0.5 }), "padding"],
    [() => convolution(image, input("w", [7, 7, 2, 4])), "too short"],
  ];
  for (const [call, message] of refused) {
    assertThrows(call, RangeError, message);
  }
  assertThrows(
    () => convolution(input("x", [1, 5, 5, 2], "i32"), weight),
    TypeError,
    "needs f32",
  );
});

Deno.test("windowCount: counts the windows that begin inside the padded axis", () => {
  assertEquals(windowCount(7, { size: 3, stride: 2, padding: 1 }), 4);
  assertEquals(windowCount(5, { size: 5, stride: 9, padding: 0 }), 1);
});
