import { assertEquals } from "@std/assert";
import { gradient } from "../../../engine/graph/gradient.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { multiply } from "../../../engine/ops/elementwise.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { targetsFrom } from "../../../train/models/targets.ts";
import { evaluate } from "../../engine/reference.ts";

for (
  const [source, slope] of [
    ["online", 3],
    ["stopGradient", 0],
    ["momentum", 0],
  ] as const
) {
  Deno.test(`targetsFrom: ${source} targets are ${slope ? "" : "not "}trained`, () => {
    const x = input("x", [2]);
    const loss = sum(multiply(targetsFrom(source, x), 3));
    const [values, slopes] = evaluate([loss, ...gradient(loss, [x])], {
      x: [1, 2],
    });
    assertEquals([...values], [9]);
    assertEquals([...slopes], [slope, slope]);
  });
}
