import { assert, assertEquals, assertThrows } from "@std/assert";
import { planMemory } from "../../../engine/compile/memory.ts";
import type { Schedule } from "../../../engine/compile/kernel.ts";
import { schedule } from "../../../engine/compile/schedule.ts";
import { input, Storage } from "../../../engine/graph/tensor.ts";
import { add, cast, multiply } from "../../../engine/ops/elementwise.ts";
import { slice } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Draw } from "../../fuzz/draw.ts";
import { seed, withSeed } from "../../random.ts";
import { assertClose } from "../compare.ts";
import { interpretSchedule } from "../interpret_kernel.ts";
import { type RandomGraph, randomGraph } from "../random_graph.ts";
import { fusedSteps } from "../random_steps.ts";
import { evaluate } from "../reference.ts";
import { assertSoundPlan } from "../sound_plan.ts";

function test(name: string, body: () => void): void {
  Deno.test(name, () => withSeed(name, body));
}

/** What a schedule of a random graph computes and assigns, and what it should. */
function compareWithReference(
  graph: RandomGraph,
  options: Parameters<typeof schedule>[2],
): Schedule {
  const { outputs, assignments, storages, feeds } = graph;
  const plan = schedule(outputs, assignments, options);
  const assigned = assignments.map(({ storage }) => storage.tensor());
  const after = schedule(assigned, [], options);
  const contents = storages.map(({ name, initial }) => [name, initial!]);
  const actual = interpretSchedule(
    // the same dispatches, and then what the storages hold
    { ...plan, outputs: [...plan.outputs, ...after.outputs] },
    { ...feeds, ...Object.fromEntries(contents) },
  );
  const roots = [...outputs, ...assignments.map(({ value }) => value)];
  evaluate(roots, feeds).forEach((expected, i) =>
    assertClose(actual[i], expected, `output ${i}`, 1e-9)
  );
  return plan;
}

test("schedule: kernels of random graphs compute what the graph says, with any limit of reads", () => {
  for (let i = 0; i < 25; i++) {
    const graph = randomGraph(new Draw(seed, i), 12, {
      steps: fusedSteps,
    });
    for (const maxReads of [2, 3, 7, 63]) {
      const { dispatches } = compareWithReference(graph, { maxReads });
      for (const { kernel, inputs } of dispatches) {
        if (kernel.kind !== "fused") continue;
        // a function of three inputs cannot read fewer
        assert(inputs.length <= Math.max(maxReads, 3), `${inputs.length}`);
      }
    }
  }
});

test("schedule: with fused false every value gets a kernel, and the results stay", () => {
  for (let i = 0; i < 20; i++) {
    const graph = randomGraph(new Draw(seed, i), 12, {
      steps: fusedSteps,
    });
    const options = { maxReads: 7 };
    const fused = compareWithReference(graph, options);
    const unfused = compareWithReference(graph, { ...options, fused: false });
    assert(unfused.dispatches.length >= fused.dispatches.length);
  }
});

test("schedule: its kernels find their inputs where the memory plan puts them", () => {
  const limits = {
    alignment: 256,
    maxBufferBytes: 2 ** 20,
    maxBlockBytes: 2 ** 20,
    maxBuffersPerKernel: 8,
  };
  for (let i = 0; i < 20; i++) {
    const { outputs } = randomGraph(new Draw(seed, i), 25);
    assertSoundPlan(
      planMemory(schedule(outputs, [], { maxReads: 7 }), limits),
      limits,
    );
  }
});

Deno.test("schedule: a long reduction is split where the limit of reads has room for its parts", () => {
  const x = input("x", [4096, 3]);
  const weight = input("weight", [1, 3]);
  const total = sum(multiply(x, weight), { axes: [0], keepAxes: true });
  // the epilogue reads all that the body does
  const y = add(multiply(total, weight), slice(x, [7, 0], [1, 3]));
  const readsWith = (maxReads: number) =>
    schedule([y], [], { maxReads }).dispatches.map(({ inputs }) =>
      inputs.length
    );
  assertEquals(readsWith(3), [2, 3]);
  assertEquals(readsWith(2), [2]);
});

Deno.test("schedule: assigned values are computed from the old values of all storages", () => {
  const [a, b] = ["a", "b"].map((name) => new Storage(name, 5));
  const values = { a: [1, 2, 3, 4, 5], b: [10, 20, 30, 40, 50] };
  const plan = schedule([add(a.tensor(), 0.5)], [
    { storage: a, value: add(a.tensor(), b.tensor()) },
    { storage: b, value: multiply(a.tensor(), 2) },
  ], { maxReads: 7 });
  const after = schedule([a.tensor(), b.tensor()], [], { maxReads: 7 });
  const [old] = interpretSchedule(plan, values);
  assertEquals([...old], [1.5, 2.5, 3.5, 4.5, 5.5]);
  // the same dispatches, and then what the storages hold
  const both = { ...plan, outputs: after.outputs };
  const [newA, newB] = interpretSchedule(both, values);
  assertEquals([...newA], [11, 22, 33, 44, 55]);
  assertEquals([...newB], [2, 4, 6, 8, 10]);
});

Deno.test("schedule: refuses values that do not fit their storage, inputs of one name that differ, and bytes as results", () => {
  const storage = new Storage("weights", 4);
  const options = { maxReads: 7 };
  const assign = (shape: number[], dtype: "f32" | "i32") => () =>
    schedule([], [{ storage, value: input("x", shape, dtype) }], options);
  assertThrows(assign([3], "f32"), RangeError, "weights holds 4 f32");
  assertThrows(assign([4], "i32"), RangeError, "weights holds 4 f32");
  assertThrows(
    () => schedule([input("x", [2]), add(input("x", [2, 1]), 1)], [], options),
    RangeError,
    "two inputs are named x: f32 [2] and f32 [2,1]",
  );
  assertThrows(
    () =>
      schedule(
        [input("x", [2]), cast(input("x", [2], "i32"), "f32")],
        [],
        options,
      ),
    RangeError,
    "two inputs are named x",
  );
  assertEquals(
    schedule([input("x", [2]), add(input("x", [2]), 1)], [], options).inputs
      .size,
    1,
  );
  assertThrows(
    () => schedule([slice(input("x", [4], "u8"), [1], [2])], [], options),
    TypeError,
    "u8",
  );
});

Deno.test("schedule: refuses two values for one storage", () => {
  const storage = new Storage("weights", 2);
  const value = input("x", [2]);
  assertThrows(
    () =>
      schedule([], [{ storage, value }, { storage, value: add(value, 1) }], {
        maxReads: 7,
      }),
    RangeError,
    "weights is assigned twice",
  );
});
