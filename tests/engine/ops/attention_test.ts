import { assertThrows } from "@std/assert";
import { input } from "../../../engine/graph/tensor.ts";
import { attention } from "../../../engine/ops/attention.ts";
import { less } from "../../../engine/ops/elementwise.ts";
import { iota } from "../../../engine/ops/iota.ts";
import { checkOperations } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

testOnDevices(
  "attention: values and gradients agree with float64, with and without a key mask",
  (device) =>
    checkOperations(device, [
      {
        name: "attention",
        shapes: [[2, 5, 12], [2, 7, 12], [2, 7, 12]],
        operation: (q, k, v) => attention(q, k, v, { heads: 3 }),
      },
      {
        name: "attention with a key mask",
        shapes: [[2, 5, 12], [2, 5, 12], [2, 5, 12]],
        operation: (q, k, v) =>
          attention(q, k, v, {
            heads: 2,
            keyMask: less(iota([2, 5], 1, "f32"), 3),
          }),
      },
    ]),
);

Deno.test("attention: refuses heads that do not divide the width, and tensors that do not fit", () => {
  const x = input("x", [2, 5, 12]);
  for (const heads of [5, 0, -1, NaN, 1.5]) {
    assertThrows(() => attention(x, x, x, { heads }), RangeError, "heads");
  }
  const flat = input("flat", [5, 12]);
  assertThrows(() => attention(flat, x, x, { heads: 2 }), RangeError, "[5,12]");
  const deep = input("deep", [2, 5, 12, 1]);
  assertThrows(() => attention(deep, x, x, { heads: 2 }), RangeError, "12,1]");
  assertThrows(
    () => attention(x, input("key", [2, 5, 6]), x, { heads: 2 }),
    RangeError,
    "[2,5,6]",
  );
});

Deno.test("attention: refuses a key mask that is not one number for each key", () => {
  const x = input("x", [2, 5, 12]);
  for (const shape of [[5, 2], [2, 4], [10], [1, 5]]) {
    assertThrows(
      () => attention(x, x, x, { heads: 2, keyMask: input("mask", shape) }),
      RangeError,
      `the key mask must be [2,5], not [${shape}]`,
    );
  }
});
