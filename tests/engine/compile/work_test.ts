import { assertEquals } from "@std/assert";
import { schedule } from "../../../engine/compile/schedule.ts";
import { workOf } from "../../../engine/compile/work.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { convolution } from "../../../engine/ops/convolution.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { maxPool } from "../../../engine/ops/pooling.ts";
import { exp, multiply } from "../../../engine/ops/elementwise.ts";
import { gather, scatterAdd } from "../../../engine/ops/indexing.ts";
import { pad } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";

function work(...outputs: Tensor[]) {
  const { products, elements } = workOf(
    schedule(outputs, [], { maxReads: 7 }).dispatches,
  );
  return [products, elements];
}

Deno.test("workOf: counts multiplications and additions of products, and elements of all else", () => {
  const image = input("image", [2, 8, 8, 3]);
  const weight = input("weight", [3, 3, 3, 5]);
  const indices = input("indices", [6], "i32");
  const window = { size: 2, stride: 2, padding: 0 };
  const cases: [Tensor, number[]][] = [
    [matmul(input("a", [3, 4]), input("b", [4, 5])), [2 * 3 * 4 * 5, 0]],
    [
      convolution(image, weight, { padding: 1 }),
      [2 * (2 * 8 * 8 * 5) * (3 * 3 * 3), 0],
    ],
    [maxPool(image, window), [0, 2 * 4 * 4 * 3 * 4]],
    [exp(input("x", [7])), [0, 7]],
    [sum(input("x", [7, 3]), { axes: [0] }), [0, 21]],
    [gather(input("table", [9, 2]), indices), [0, 12]],
    [scatterAdd(9, indices, input("updates", [6, 2])), [0, 18]],
    // zeros, and then the block
    [pad(input("x", [7]), [1], [2]), [0, 17]],
  ];
  for (const [output, expected] of cases) {
    assertEquals(work(output), expected, output.operation.kind);
  }
});

Deno.test("workOf: both gradients of a convolution are as much work as itself", () => {
  const image = input("image", [2, 8, 8, 3]);
  const weight = input("weight", [3, 3, 3, 5]);
  const y = convolution(image, weight, { padding: 1 });
  const dy = input("dy", y.shape);
  const [forward] = work(y);
  const gradients = gradient(sum(multiply(y, dy)), [image, weight]);
  assertEquals(work(...gradients)[0], 2 * forward);
});
