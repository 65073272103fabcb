import { assertEquals } from "@std/assert";
import type { Expression } from "../../../../engine/compile/expression.ts";
import type { FusedKernel } from "../../../../engine/compile/kernel.ts";
import { writeProgram } from "../../../../engine/devices/wasm/program_module.ts";
import { input } from "../../../../engine/graph/tensor.ts";
import { multiply } from "../../../../engine/ops/elementwise.ts";
import { sum } from "../../../../engine/ops/reduction.ts";
import { planProgram } from "../../../../engine/program.ts";

function fill(size: number, value: number): FusedKernel {
  const body: Expression = { kind: "constant", value, dtype: "f32" };
  return {
    kind: "fused",
    loops: [size],
    kept: 1,
    body,
    epilogue: { kind: "reduced", dtype: "f32" },
    output: { offset: 0, strides: [1] },
    dtype: "f32",
  };
}

function dispatch(kernel: FusedKernel) {
  const { loops: [size] } = kernel;
  return {
    kernel,
    inputs: [],
    output: { size, dtype: "f32", label: "result" } as const,
  };
}

function programOf(dispatches: readonly ReturnType<typeof dispatch>[]) {
  const address = { inArena: true, byte: 0 };
  return new WebAssembly.Module(writeProgram(dispatches, 2, () => address));
}

Deno.test("writeProgram: each thread has a function, and only kernels in use are imported", () => {
  const module = programOf([dispatch(fill(5, 1))]);
  assertEquals(
    WebAssembly.Module.exports(module).map(({ name }) => name),
    ["run0", "run1"],
  );
  assertEquals(
    WebAssembly.Module.imports(module).map(({ name }) => name),
    ["memory", "barrier"],
  );
});

Deno.test("writeProgram: equal kernels share a function, and different ones do not", () => {
  const sizeOf = (values: readonly number[]) => {
    const dispatches = values.map((value) => dispatch(fill(5, value)));
    const address = { inArena: true, byte: 0 };
    return writeProgram(dispatches, 1, () => address).length;
  };
  const shared = sizeOf([1, 1]) - sizeOf([1]);
  // numbers that JSON writes alike
  for (
    const other of [[1, 2], [0, -0], [Infinity, -Infinity], [Infinity, NaN]]
  ) {
    assertEquals(sizeOf(other) - sizeOf(other.slice(0, 1)) > shared + 20, true);
  }
});

Deno.test("writeProgram: only the dispatches asked for run, and a barrier stands between threads", () => {
  // large enough for both threads, then too small: the last two are on one thread and need no barrier
  const dispatches = [fill(70000, 1), fill(5, 2), fill(5, 3)].map(dispatch);
  const memory = new WebAssembly.Memory({
    initial: 8,
    maximum: 65536,
    shared: true,
  });
  const module = new WebAssembly.Module(
    writeProgram(dispatches, 2, (buffer) => ({
      inArena: true,
      byte: buffer === dispatches[2].output ? 32 : 0,
    })),
  );
  let barriers = 0;
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory },
    kernels: { barrier: () => barriers++ },
  });
  const { run0 } = exports;
  if (!(run0 instanceof Function)) throw new Error("no function");
  const values = new Float32Array(memory.buffer, 65536);
  run0(1, 2, 65536, 0);
  assertEquals([...values.subarray(0, 10)], [2, 2, 2, 2, 2, 0, 0, 0, 0, 0]);
  assertEquals(barriers, 1);
  barriers = 0;
  run0(0, 3, 65536, 0);
  assertEquals([...values.subarray(0, 10)], [2, 2, 2, 2, 2, 1, 1, 1, 3, 3]);
  assertEquals(barriers, 2);
});

Deno.test("writeProgram: a short axis of a very large stride has an offset in range for every vector", () => {
  const columns = 72_000_000;
  const x = input("x", [2, columns]);
  const weights = input("weights", [2, 1]);
  const plan = planProgram({
    outputs: [sum(multiply(x, weights), { axes: [0] })],
  }, {
    alignment: 64,
    maxBufferBytes: 2 ** 31,
    maxBlockBytes: 2 ** 32,
    maxBuffersPerKernel: 64,
  });
  const address = { inArena: true, byte: 0 };
  new WebAssembly.Module(writeProgram(plan.dispatches, 1, () => address));
});
