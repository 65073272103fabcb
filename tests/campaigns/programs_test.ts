import { assertEquals } from "@std/assert";
import { reachable } from "../../engine/graph/gradient.ts";
import { definitions } from "../../engine/graph/operations.ts";
import { checkGraph } from "../engine/check_graph.ts";
import { testOnDevices } from "../engine/devices.ts";
import { randomGraph } from "../engine/random_graph.ts";
import { binary, unary } from "../engine/reference.ts";
import { Draw } from "../fuzz/draw.ts";
import { seed } from "../random.ts";

/** How many programs are checked, and of how many values each at most. */
const BUDGET = {
  wasm: { programs: 15, size: 16 },
  // a software driver compiles shaders slowly
  webgpu: { programs: 2, size: 6 },
};

testOnDevices(
  "checkGraph: random programs compute what float64 does, fused and unfused, and so do their gradients",
  async (device) => {
    const { programs, size } = BUDGET[device.kind];
    for (let number = 0; number < programs; number++) {
      const draw = new Draw(seed, number);
      await checkGraph(device, randomGraph(draw, size), draw);
    }
  },
);

Deno.test("randomGraph: draws every operation but exchanges between processes", () => {
  const drawn = new Set<string>();
  for (let number = 0; number < 150; number++) {
    const { outputs, loss, assignments } = randomGraph(new Draw(1, number), 12);
    const roots = [...outputs, loss, ...assignments.map(({ value }) => value)];
    for (const { operation } of reachable(roots)) {
      drawn.add(operation.kind);
      if ("name" in operation) drawn.add(operation.name);
    }
  }
  const all = [definitions, unary, binary].flatMap(Object.keys);
  assertEquals(all.filter((name) => !drawn.has(name)), [
    // gradients have these
    "convolutionInputGradient",
    "convolutionWeightGradient",
    "maxPoolGradient",
    "collective",
  ]);
});

Deno.test("randomGraph: a seed and a number give the same graph", () => {
  const [a, b] = [1, 2].map(() => randomGraph(new Draw(3, 4), 12));
  assertEquals(a.feeds, b.feeds);
  const kindsOf = ({ loss }: typeof a) =>
    reachable([loss]).map(({ operation, shape }) =>
      `${operation.kind} ${shape}`
    );
  assertEquals(kindsOf(a), kindsOf(b));
});
