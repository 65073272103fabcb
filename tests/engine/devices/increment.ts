import type { Expression } from "../../../engine/compile/expression.ts";
import type {
  Buffer,
  FusedKernel,
  Schedule,
} from "../../../engine/compile/kernel.ts";
import { inputBuffer } from "./kernels/harness.ts";

/** Adds 1 to each of `size` elements. */
export function increment(size: number): FusedKernel {
  const a: Expression = {
    kind: "load",
    input: 0,
    dtype: "f32",
    view: { offset: 0, strides: [1] },
  };
  const b: Expression = { kind: "constant", value: 1, dtype: "f32" };
  return {
    kind: "fused",
    loops: [size],
    kept: 1,
    body: { kind: "binary", name: "add", a, b, dtype: "f32" },
    epilogue: { kind: "reduced", dtype: "f32" },
    output: { offset: 0, strides: [1] },
    dtype: "f32",
  };
}

/** Input x of `size`, to which `steps` kernels add 1 each, each into a buffer of its own. */
export function incrementChain(
  size: number,
  steps: number,
): { schedule: Schedule; results: Buffer[] } {
  const x = inputBuffer("x", new Float32Array(size));
  const results = Array.from(
    { length: steps },
    (_, i): Buffer => ({ size, dtype: "f32", label: `result ${i}` }),
  );
  const dispatches = results.map((output, i) => ({
    kernel: increment(size),
    inputs: [i === 0 ? x : results[i - 1]],
    output,
  }));
  return {
    schedule: {
      dispatches,
      inputs: new Map([["x", x]]),
      outputs: [results[steps - 1]],
    },
    results,
  };
}
