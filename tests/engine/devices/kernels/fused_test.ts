/**
 * Fused kernels of both devices: engine/devices/wasm/fused.ts, engine/devices/wasm/fused_values.ts,
 * engine/devices/wasm/fused_pointers.ts, engine/devices/wasm/calls/fused.ts,
 * engine/devices/webgpu/fused.ts and engine/devices/webgpu/expression.ts.
 */
import { assertEquals } from "@std/assert";
import type {
  Expression,
  View,
} from "../../../../engine/compile/expression.ts";
import type { FusedKernel } from "../../../../engine/compile/kernel.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { Storage } from "../../../../engine/graph/tensor.ts";
import { randomArray } from "../../../random.ts";
import { testOnDevices } from "../../devices.ts";
import {
  assertClose,
  filled,
  type KernelCase,
  runKernels,
  scheduleOf,
  stateBuffer,
} from "./harness.ts";

function load(view: View, input = 0, dtype: "f32" | "u8" = "f32"): Expression {
  return { kind: "load", input, dtype, view };
}

const reduced: Expression = { kind: "reduced", dtype: "f32" };

/** A map over one loop. */
function map(size: number, body: Expression): FusedKernel {
  const output = { offset: 0, strides: [1] };
  return {
    kind: "fused",
    loops: [size],
    kept: 1,
    body,
    epilogue: reduced,
    output,
    dtype: "f32",
  };
}

interface Reduction {
  readonly loops: readonly number[];
  readonly kept: number;
  readonly strides: readonly number[];
}

const reductions: Record<string, Reduction> = {
  "to one result": { loops: [5003], kept: 0, strides: [1] },
  "along rows": { loops: [97, 131], kept: 1, strides: [131, 1] },
  "along short rows": { loops: [1009, 3], kept: 1, strides: [3, 1] },
  "along few columns": { loops: [3, 2003], kept: 1, strides: [1, 3] },
  "along many columns": { loops: [40009, 5], kept: 1, strides: [1, 40009] },
  "of vectors and what is left of them": {
    loops: [3, 35],
    kept: 1,
    strides: [35, 1],
  },
  "of columns and what is left of them": {
    loops: [23, 3],
    kept: 1,
    strides: [1, 23],
  },
  "against the direction of memory": {
    loops: [11, 19],
    kept: 1,
    strides: [19, -1],
  },
  "around a kept axis": {
    loops: [7, 13, 5, 11],
    kept: 2,
    strides: [143, 1, 1001, 13],
  },
};

/** Row-major strides over the first `kept` loops, 0 for the reduced ones. */
function resultStrides(loops: readonly number[], kept: number): number[] {
  return loops.map((_, i) => i < kept ? product(loops.slice(i + 1, kept)) : 0);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** Positions of a view, in the order of its loops. */
function positions(loops: readonly number[], { offset, strides }: View) {
  return Array.from({ length: product(loops) }, (_, i) => {
    let rest = i;
    let position = offset;
    for (let loop = loops.length - 1; loop >= 0; loop--) {
      position += rest % loops[loop] * strides[loop];
      rest = Math.floor(rest / loops[loop]);
    }
    return position;
  });
}

testOnDevices(
  "lowerFused: sums and maxima over any loops equal those of their definition",
  async (device) => {
    const expected: { name: string; values: Float64Array }[] = [];
    const cases: KernelCase[] = [];
    for (const [name, { loops, kept, strides }] of Object.entries(reductions)) {
      const x = randomArray(product(loops));
      const scale = randomArray(1);
      const results = product(loops.slice(0, kept));
      const length = product(loops.slice(kept));
      // the view begins where negative strides lead back to 0
      const offset = strides.reduce(
        (sum, stride, loop) => sum + Math.max(0, -stride) * (loops[loop] - 1),
        0,
      );
      const view = { offset, strides };
      const totals = {
        sum: new Float64Array(results),
        max: new Float64Array(results).fill(-Infinity),
      };
      positions(loops, view).forEach((position, i) => {
        const value = x[position] * scale[0];
        const result = Math.floor(i / length);
        totals.sum[result] += value;
        totals.max[result] = Math.max(totals.max[result], value);
      });
      const invariant = load({ offset: 0, strides: loops.map(() => 0) }, 1);
      for (const reduction of ["sum", "max"] as const) {
        const kernel: FusedKernel = {
          kind: "fused",
          loops,
          kept,
          reduction,
          body: {
            kind: "binary",
            name: "multiply",
            a: load(view),
            b: invariant,
            dtype: "f32",
          },
          epilogue: {
            kind: "unary",
            name: "negate",
            argument: reduced,
            dtype: "f32",
          },
          output: { offset: 0, strides: resultStrides(loops, kept) },
          dtype: "f32",
        };
        cases.push({ kernel, inputs: [x, scale], size: results });
        const values = totals[reduction].map((value) => -value);
        expected.push({ name: `${reduction} ${name}`, values });
      }
    }
    const actual = await runKernels(device, cases);
    expected.forEach(({ name, values }, i) =>
      assertClose(actual[i], values, 1e-5, name, 1)
    );
  },
);

testOnDevices(
  "lowerFused: maps read and write through any strides, whatever the length",
  async (device) => {
    const shapes = [[1], [3], [4], [5], [31], [2, 3, 7], [5, 1, 9], [257, 65]];
    const expected: number[][] = [];
    const cases = shapes.map((loops): KernelCase => {
      const size = product(loops);
      const x = randomArray(3 * size + 2);
      const iota = { offset: 1, strides: resultStrides(loops, loops.length) };
      // every third element, in reverse order, plus the number of the element
      const view = {
        offset: 3 * (size - 1) + 2,
        strides: iota.strides.map((stride) => -3 * stride),
      };
      const body: Expression = {
        kind: "binary",
        name: "add",
        a: load(view),
        b: {
          kind: "cast",
          argument: { kind: "iota", view: iota, dtype: "i32" },
          dtype: "f32",
        },
        dtype: "f32",
      };
      // transposed: the first loop of the result is the innermost one in memory
      const output = {
        offset: 0,
        strides: loops.map((_, i) => product(loops.slice(0, i))),
      };
      const result = new Array<number>(size);
      const reads = positions(loops, view);
      positions(loops, output).forEach((position, i) => {
        result[position] = Math.fround(x[reads[i]] + (i + 1));
      });
      expected.push(result);
      const kernel: FusedKernel = {
        ...map(size, body),
        loops,
        kept: loops.length,
        output,
      };
      return { kernel, inputs: [x], size };
    });
    const actual = await runKernels(device, cases);
    assertEquals(actual.map((values) => [...values]), expected);
  },
);

testOnDevices(
  "lowerFused: bytes are read from any position",
  async (device) => {
    // channel 1 of 7 pixels of 3 channels, in reverse order: 21 bytes are no whole number of words
    const bytes = Uint8Array.from({ length: 21 }, (_, i) => 255 - 7 * i);
    const body: Expression = {
      kind: "cast",
      argument: load({ offset: 19, strides: [-3] }, 0, "u8"),
      dtype: "f32",
    };
    const contiguous: Expression = {
      kind: "cast",
      argument: load({ offset: 1, strides: [1] }, 0, "u8"),
      dtype: "f32",
    };
    const actual = await runKernels(device, [
      { kernel: map(7, body), inputs: [bytes], size: 7 },
      { kernel: map(19, contiguous), inputs: [bytes], size: 19 },
    ]);
    assertEquals(actual.map((values) => [...values]), [
      [19, 16, 13, 10, 7, 4, 1].map((i) => bytes[i]),
      [...bytes.subarray(1, 20)],
    ]);
  },
);

testOnDevices(
  "lowerFused: constants and maxima that are not finite come through",
  async (device) => {
    const constants = [Infinity, -Infinity, NaN, 1e-30, -3.4e38, 0, -0];
    const lowest: FusedKernel = {
      ...map(300, load({ offset: 0, strides: [1] })),
      kept: 0,
      reduction: "max",
      output: { offset: 0, strides: [0] },
    };
    const actual = await runKernels(device, [
      ...constants.map((value) => ({
        kernel: map(2, { kind: "constant", value, dtype: "f32" }),
        inputs: [],
        size: 2,
      })),
      { kernel: lowest, inputs: [filled(300, () => -Infinity)], size: 1 },
    ]);
    assertEquals(actual.map((values) => values[0]), [
      ...constants.map(Math.fround),
      -Infinity,
    ]);
  },
);

testOnDevices(
  "lowerFused: a storage is read twice and updated in place by one kernel",
  async (device) => {
    const initial = randomArray(1021);
    const state = stateBuffer(new Storage("state", 1021, "f32", initial));
    const at = { offset: 0, strides: [1] };
    const body: Expression = {
      kind: "binary",
      name: "multiply",
      a: load(at, 0),
      b: load(at, 1),
      dtype: "f32",
    };
    const schedule = scheduleOf([{
      kernel: map(1021, body),
      inputs: [state, { ...state }],
      output: { ...state },
    }]);
    const program = await device.compile(planMemory(schedule, device.limits));
    await program.run({});
    assertEquals(
      await program.read(state),
      initial.map((value) => Math.fround(value * value)),
    );
  },
);

testOnDevices(
  "lowerFused: neighbouring parts of a storage that share an aligned block are used together",
  async (device) => {
    const storage = new Storage(
      "parameters",
      200,
      "f32",
      filled(200, (i) => i),
    );
    const schedule = scheduleOf([{
      kernel: map(30, load({ offset: 0, strides: [1] })),
      inputs: [stateBuffer(storage, 70, 30)],
      output: stateBuffer(storage, 100, 30),
    }]);
    const program = await device.compile(planMemory(schedule, device.limits));
    await program.run({});
    assertEquals(
      await device.read(storage),
      filled(200, (i) => i >= 100 && i < 130 ? i - 30 : i),
    );
  },
);
