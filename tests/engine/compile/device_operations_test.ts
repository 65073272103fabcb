import { assertEquals, assertThrows } from "@std/assert";
import { lowerDeviceOperation } from "../../../engine/compile/device_operations.ts";
import { unfused } from "../../../engine/compile/fusion.ts";
import { gradient, reachable } from "../../../engine/graph/gradient.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { convolution } from "../../../engine/ops/convolution.ts";
import { maxPool } from "../../../engine/ops/pooling.ts";
import { exp } from "../../../engine/ops/elementwise.ts";
import { gather } from "../../../engine/ops/indexing.ts";
import { sum } from "../../../engine/ops/reduction.ts";

Deno.test("lowerDeviceOperation: all passes of a convolution or pooling have the geometry of the forward pass", () => {
  const image = input("image", [2, 9, 7, 3]);
  const weight = input("weight", [3, 3, 3, 5]);
  const window = { size: 3, stride: 2, padding: 1 };
  const y = convolution(image, weight, { stride: 2, padding: 1 });
  const pooled = maxPool(y, { size: 2, stride: 1, padding: 0 });
  const loss = sum(pooled);
  const kernels = reachable([loss, ...gradient(loss, [image, weight])])
    .filter(({ operation }) => /^(conv|max)/.test(operation.kind))
    .map((node) => lowerDeviceOperation(node, unfused).kernel);
  const sizes = { n: 2, height: 9, width: 7, inputs: 3 };
  const outputs = { outHeight: 5, outWidth: 4, outputs: 5 };
  const geometry = { ...sizes, ...outputs, window };
  const pooling = {
    ...{ n: 2, height: 5, width: 4, inputs: 5 },
    ...{ outHeight: 4, outWidth: 3, outputs: 5 },
    window: { size: 2, stride: 1, padding: 0 },
  };
  assertEquals(kernels, [
    { kind: "convolution", pass: "forward", geometry },
    { kind: "pool", gradient: false, geometry: pooling },
    { kind: "pool", gradient: true, geometry: pooling },
    { kind: "convolution", pass: "inputGradient", geometry },
    { kind: "convolution", pass: "weightGradient", geometry },
  ]);
});

Deno.test("lowerDeviceOperation: a row of a table is all that is behind its first axis", () => {
  const node = gather(input("table", [7, 2, 3]), input("i", [5], "i32"));
  assertEquals(lowerDeviceOperation(node, unfused).kernel, {
    kind: "gather",
    rows: 7,
    count: 5,
    width: 6,
  });
});

Deno.test("lowerDeviceOperation: refuses operations without a kernel of their own", () => {
  assertThrows(
    () => lowerDeviceOperation(exp(input("x", [2])), unfused),
    TypeError,
    "unary has no kernel",
  );
});
