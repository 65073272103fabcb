import { assert, assertEquals } from "@std/assert";
import { unfused } from "../../../engine/compile/fusion.ts";
import type { FusedKernel } from "../../../engine/compile/kernel.ts";
import { lowerFused } from "../../../engine/compile/lower_fused.ts";
import {
  splitReduction,
  withoutUnusedReads,
} from "../../../engine/compile/split_reduction.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import { add, multiply } from "../../../engine/ops/elementwise.ts";
import { max, sum } from "../../../engine/ops/reduction.ts";
import { randomArray, withSeed } from "../../random.ts";
import { assertClose } from "../compare.ts";
import { interpretFused } from "../interpret_kernel.ts";

const scale = input("scale", [3]);

function lower(node: Tensor, reduction: Tensor, leaves: readonly Tensor[]) {
  const fusion = {
    ...unfused,
    isStored: (tensor: Tensor) => leaves.includes(tensor),
  };
  return lowerFused(node, fusion, reduction);
}

Deno.test("splitReduction: the parts and the rest give what the whole gives", () =>
  withSeed("splitReduction", () => {
    const x = input("x", [2048, 3, 2]);
    for (const reduce of [sum, max]) {
      const reduction = reduce(multiply(x, 2), { axes: [0, 2] });
      // [1, 3, 1] -> [3]: the reduction itself is below the reshape
      const [kept] = reduction.inputs;
      const node = add(reduction, scale);
      const { kernel, reads } = lower(node, kept, [x, scale]);
      const values = new Map<Tensor, ArrayLike<number>>([
        [x, randomArray(x.size)],
        [scale, randomArray(3)],
      ]);
      const inputs = reads.map((read) => values.get(read)!);
      const run = (
        each: FusedKernel,
        data: ArrayLike<number>[],
        size: number,
      ) => {
        const target = new Float64Array(size);
        interpretFused(each, data, target);
        return target;
      };
      const split = splitReduction(kernel);
      assert(split);
      const partial = run(split.parts, inputs, split.size);
      const rest = withoutUnusedReads(split.rest, [partial, ...inputs]);
      assertEquals(rest.reads.length, 2);
      assertClose(
        run(rest.kernel, [...rest.reads], 3),
        run(kernel, inputs, 3),
        "split reduction",
        1e-10,
      );
    }
  }));

Deno.test("splitReduction: leaves short reductions, and those of many results, as they are", () => {
  for (const shape of [[4095, 3], [4096, 2049], [4099, 1]]) {
    const x = input("x", shape);
    const reduction = sum(x, { axes: [0], keepAxes: true });
    const { kernel } = lower(reduction, reduction, [x]);
    assertEquals(splitReduction(kernel), undefined, `[${shape}]`);
  }
  const x = input("x", [4096, 3]);
  const mapped = multiply(x, 2);
  const { kernel } = lowerFused(
    mapped,
    { ...unfused, isStored: (node) => node === x },
    undefined,
  );
  assertEquals(splitReduction(kernel), undefined);
});
