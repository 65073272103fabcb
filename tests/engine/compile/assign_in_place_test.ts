import { assertEquals } from "@std/assert";
import { schedule } from "../../../engine/compile/schedule.ts";
import { Storage, type Tensor } from "../../../engine/graph/tensor.ts";
import { add, multiply } from "../../../engine/ops/elementwise.ts";
import { permute } from "../../../engine/ops/movement.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { interpretSchedule } from "../interpret_kernel.ts";

/** The kinds of the kernels that assign `value` to `storage`, and whether one writes it directly. */
function assign(storage: Storage, value: Tensor, outputs: Tensor[] = []) {
  const { dispatches } = schedule(outputs, [{ storage, value }], {
    maxReads: 7,
  });
  return dispatches.map(({ kernel, output }) =>
    `${kernel.kind}${output.state ? " in place" : ""}`
  );
}

Deno.test("assignInPlace: a kernel that reads each element where it writes it writes the storage", () => {
  const w = new Storage("w", 6);
  assertEquals(assign(w, multiply(w.tensor(), 2)), ["fused in place"]);
  const other = new Storage("other", 6);
  assertEquals(assign(w, multiply(other.tensor(), 2)), ["fused in place"]);
});

Deno.test("assignInPlace: what reads other elements of the old value is copied at the end", () => {
  const square = new Storage("square", 9);
  const transposed = permute(square.tensor([3, 3]), [1, 0]);
  assertEquals(assign(square, add(transposed, 1)), ["fused", "copy in place"]);
  const w = new Storage("w", 6);
  const centred = add(w.tensor(), sum(w.tensor(), { keepAxes: true }));
  // the sum is stored before, and then each element is read where it is written
  assertEquals(assign(w, centred), ["fused", "fused in place"]);
});

Deno.test("assignInPlace: a value that is needed after its storage changes is copied", () => {
  const w = new Storage("w", 6);
  const doubled = multiply(w.tensor(), 2);
  // another output reads the old value in a later kernel
  const kernels = assign(w, doubled, [sum(add(w.tensor(), 1))]);
  assertEquals(kernels.at(-1), "copy in place");
});

Deno.test("assignInPlace: storages that exchange their values are saved first", () => {
  const [a, b] = [new Storage("a", 6), new Storage("b", 6)];
  const { dispatches } = schedule([], [
    { storage: a, value: b.tensor() },
    { storage: b, value: a.tensor() },
  ], { maxReads: 7 });
  assertEquals(dispatches.map(({ output }) => output.label), [
    "copy of state b [6]",
    "copy of state a [6]",
    "state a",
    "state b",
  ]);
});

Deno.test("assignInPlace: the old value of a storage is saved before a kernel overwrites it in place", () => {
  const [a, b] = [new Storage("a", 3), new Storage("b", 3)];
  const step = schedule([], [
    { storage: a, value: b.tensor() },
    { storage: b, value: multiply(b.tensor(), 2) },
  ], { maxReads: 7 });
  const { outputs } = schedule([a.tensor(), b.tensor()], [], { maxReads: 7 });
  const values = { a: [0, 0, 0], b: [1, 2, 3] };
  const [newA, newB] = interpretSchedule({ ...step, outputs }, values);
  assertEquals([...newA], [1, 2, 3]);
  assertEquals([...newB], [2, 4, 6]);
});

Deno.test("assignInPlace: one value for two storages is computed once and copied once", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => new Storage(name, 6));
  const value = add(c.tensor(), 1);
  const { dispatches } = schedule([], [
    { storage: a, value },
    { storage: b, value },
  ], { maxReads: 7 });
  assertEquals(dispatches.length, 3);
});

Deno.test("assignInPlace: a value is copied from the storage that it was written into after the copy was asked for", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => new Storage(name, 3));
  const value = add(c.tensor(), 1);
  // reads a's old value after `value` is known, so that only b can take it in place
  const later = sum(multiply(a.tensor(), value));
  const step = schedule([later], [
    { storage: a, value },
    { storage: b, value },
  ], { maxReads: 7 });
  const { outputs } = schedule([a.tensor(), b.tensor()], [], { maxReads: 7 });
  const values = { a: [1, 1, 1], b: [0, 0, 0], c: [1, 2, 3] };
  const [newA, newB] = interpretSchedule({ ...step, outputs }, values);
  assertEquals([...newA], [2, 3, 4]);
  assertEquals([...newB], [2, 3, 4]);
});

Deno.test("assignInPlace: an output that is a storage has its value before the step", () => {
  const [a, b] = [new Storage("a", 3), new Storage("b", 3)];
  for (const value of [multiply(a.tensor(), 2), b.tensor()]) {
    const program = schedule([a.tensor(), b.tensor()], [
      { storage: a, value },
    ], { maxReads: 7 });
    const values = { a: [1, 2, 3], b: [4, 5, 6] };
    const [oldA, oldB] = interpretSchedule(program, values);
    assertEquals([...oldA], [1, 2, 3]);
    assertEquals([...oldB], [4, 5, 6]);
  }
});
