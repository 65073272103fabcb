import { assert, assertEquals } from "@std/assert";
import { type Fusion, unfused } from "../../../engine/compile/fusion.ts";
import {
  lowerMatmul,
  needsStoredOperands,
} from "../../../engine/compile/lower_matmul.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { broadcastTo, permute, slice } from "../../../engine/ops/movement.ts";
import { randomArray, withSeed } from "../../random.ts";
import { assertClose } from "../compare.ts";
import { interpretMatmul } from "../interpret_kernel.ts";
import { evaluate } from "../reference.ts";

/** Only inputs and reshapes of them have a buffer. */
const inputsAlone: Fusion = {
  ...unfused,
  isStored: ({ operation }) => operation.kind === "input",
};

function lower(node: Tensor) {
  if (node.operation.kind !== "matmul") throw new TypeError("no product");
  return lowerMatmul(node, node.operation, inputsAlone);
}

Deno.test("lowerMatmul: reads transposed, permuted, cut and repeated operands by strides", () =>
  withSeed("lowerMatmul", () => {
    const a = input("a", [4, 5, 3]);
    const b = input("b", [4, 3, 6]);
    const square = input("square", [5, 5]);
    const products: [Tensor, number[]][] = [
      [matmul(a, b), [4]],
      [matmul(b, a, { transposeA: true, transposeB: true }), [4]],
      [matmul(permute(a, [0, 2, 1]), a), [4]],
      [matmul(slice(a, [1, 2, 0], [2, 3, 3]), slice(b, [2, 0, 1], [2, 3, 4])), [
        2,
      ]],
      [matmul(square, permute(square, [1, 0])), []],
      [matmul(broadcastTo(a, [2, 4, 5, 3]), broadcastTo(b, [2, 4, 3, 6])), [
        2,
        4,
      ]],
    ];
    const values = {
      a: randomArray(a.size),
      b: randomArray(b.size),
      square: randomArray(25),
    };
    for (const [node, batch] of products) {
      const { kernel, reads } = lower(node);
      assertEquals(kernel.batch, batch);
      const target = new Float64Array(node.size);
      interpretMatmul(
        kernel,
        evaluate(reads, values),
        target,
      );
      const [expected] = evaluate([node], values);
      assertClose(target, expected, `product of [${node.shape}]`, 1e-12);
    }
  }));

Deno.test("lowerMatmul: joins batch axes that both operands step through as one", () => {
  const [a, b] = [input("a", [2, 1, 3, 4, 5]), input("b", [2, 1, 3, 5, 6])];
  assertEquals(lower(matmul(a, b)).kernel.batch, [6]);
});

Deno.test("needsStoredOperands: where the operands are read in more than two batch loops", () => {
  const [a, b] = [input("a", [4, 3, 2, 5, 6]), input("b", [2, 3, 4, 6, 7])];
  const product = matmul(permute(a, [2, 1, 0, 3, 4]), b);
  assert(needsStoredOperands(product, inputsAlone));
  assert(!needsStoredOperands(product, unfused));
  assert(!needsStoredOperands(matmul(a, permute(b, [2, 1, 0, 3, 4])), unfused));
  assert(!needsStoredOperands(a, inputsAlone));
});
