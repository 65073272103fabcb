import { assertEquals } from "@std/assert";
import { maximum, minimum, relu } from "../../../../engine/ops/elementwise.ts";
import { max } from "../../../../engine/ops/reduction.ts";
import { Program } from "../../../../engine/program.ts";
import { input } from "../../../../engine/graph/tensor.ts";
import { devices } from "../../devices.ts";

// a NaN that is lost in a bound would escape the check that losses are finite
Deno.test("boundEmitter: a NaN passes through bounds and maxima", async () => {
  const [wasm] = devices;
  const x = input("x", [5]);
  const outputs = [
    relu(x),
    maximum(0, x),
    minimum(x, 1),
    minimum(1, x),
    maximum(x, x),
    max(x, { axes: [0] }),
  ];
  const program = await Program.compile(wasm, { outputs });
  const values = await program.evaluate({
    x: new Float32Array([NaN, -2, 2, 0.5, NaN]),
  });
  program.destroy();
  assertEquals(values.map((array) => Array.from(array)), [
    [NaN, 0, 2, 0.5, NaN],
    [NaN, 0, 2, 0.5, NaN],
    [NaN, -2, 1, 0.5, NaN],
    [NaN, -2, 1, 0.5, NaN],
    [NaN, -2, 2, 0.5, NaN],
    [NaN],
  ]);
});
