import { assertEquals } from "@std/assert";
import { labelOf } from "../../../engine/compile/label.ts";
import { input, Storage } from "../../../engine/graph/tensor.ts";
import { matmul } from "../../../engine/ops/matmul.ts";
import { exp } from "../../../engine/ops/elementwise.ts";
import { permute } from "../../../engine/ops/movement.ts";

Deno.test("labelOf: names the operation, its shape and the parameters near it", () => {
  const x = input("x", [2, 3]);
  const weight = new Storage("encoder.weight", 12).tensor([4, 3]);
  assertEquals(labelOf(x), "input x [2,3]");
  assertEquals(labelOf(exp(x)), "exp [2,3]");
  assertEquals(
    labelOf(matmul(x, permute(weight, [1, 0]))),
    "matmul [2,4] with encoder.weight",
  );
  assertEquals(labelOf(weight), "state encoder.weight [4,3]");
});
