import { assertEquals } from "@std/assert";
import type {
  Expression,
  View,
} from "../../../../engine/compile/expression.ts";
import type { FusedKernel } from "../../../../engine/compile/kernel.ts";
import { planMemory } from "../../../../engine/compile/memory.ts";
import { Storage } from "../../../../engine/graph/tensor.ts";
import {
  assertClose,
  filled,
  gpuTest,
  runKernel,
  scheduleOf,
  stateBuffer,
  withRandom,
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
  "around a kept axis": {
    loops: [7, 13, 5, 11],
    kept: 2,
    strides: [143, 1, 1001, 13],
  },
};

for (const [name, { loops, kept, strides }] of Object.entries(reductions)) {
  gpuTest(
    `sums and maxima ${name} equal those of loops`,
    (device) =>
      withRandom(async (random) => {
        const x = filled(loops.reduce((a, b) => a * b), random);
        const scale = filled(1, random);
        const [results, length] = [loops.slice(0, kept), loops.slice(kept)]
          .map((sizes) => sizes.reduce((a, b) => a * b, 1));
        const outputStrides = loops.map((_, i) =>
          i < kept ? loops.slice(i + 1, kept).reduce((a, b) => a * b, 1) : 0
        );
        const expected = {
          sum: new Float64Array(results),
          max: new Float64Array(results).fill(-Infinity),
        };
        for (let i = 0; i < results * length; i++) {
          let rest = i;
          let position = 0;
          for (let loop = loops.length - 1; loop >= 0; loop--) {
            position += rest % loops[loop] * strides[loop];
            rest = Math.floor(rest / loops[loop]);
          }
          const value = x[position] * scale[0];
          const result = Math.floor(i / length);
          expected.sum[result] += value;
          expected.max[result] = Math.max(expected.max[result], value);
        }
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
              a: load({ offset: 0, strides }),
              b: invariant,
              dtype: "f32",
            },
            epilogue: {
              kind: "unary",
              name: "negate",
              argument: reduced,
              dtype: "f32",
            },
            output: { offset: 0, strides: outputStrides },
            dtype: "f32",
          };
          const actual = await runKernel(device, kernel, [x, scale], results);
          assertClose(actual, expected[reduction].map((value) => -value), 1e-5);
        }
      }),
  );
}

gpuTest("bytes are read from any position", async (device) => {
  // channel 1 of 7 pixels of 3 channels, in reverse order: 21 bytes are no whole number of words
  const bytes = Uint8Array.from({ length: 21 }, (_, i) => 255 - 7 * i);
  const body: Expression = {
    kind: "cast",
    argument: load({ offset: 19, strides: [-3] }, 0, "u8"),
    dtype: "f32",
  };
  const actual = await runKernel(device, map(7, body), [bytes], 7);
  assertEquals([...actual], [19, 16, 13, 10, 7, 4, 1].map((i) => bytes[i]));
});

gpuTest(
  "constants and maxima that are not finite come through",
  async (device) => {
    for (const value of [Infinity, -Infinity, NaN, 1e-30, -3.4e38]) {
      const body: Expression = { kind: "constant", value, dtype: "f32" };
      assertEquals(
        [...await runKernel(device, map(2, body), [], 2)],
        Array(2).fill(Math.fround(value)),
      );
    }
    const lowest: FusedKernel = {
      ...map(300, load({ offset: 0, strides: [1] })),
      kept: 0,
      reduction: "max",
      output: { offset: 0, strides: [0] },
    };
    const actual = await runKernel(device, lowest, [
      new Float32Array(300).fill(-Infinity),
    ], 1);
    assertEquals(actual[0], -Infinity);
  },
);

/** The error function by its Taylor series, in float64; good to 1e-12 for |x| < 4. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return sum * 2 / Math.sqrt(Math.PI);
}

gpuTest("erf is right to 2e-7 and tanh does not overflow", async (device) => {
  const x = filled(2001, (i) => (i - 1000) / 270);
  const at = load({ offset: 0, strides: [1] });
  const values = await runKernel(
    device,
    map(x.length, { kind: "unary", name: "erf", argument: at, dtype: "f32" }),
    [x],
    x.length,
  );
  const errors = Array.from(values, (value, i) => Math.abs(value - erf(x[i])));
  assertEquals(errors.filter((error) => !(error < 2e-7)), []);

  const extremes = new Float32Array([-1e30, -100, 100, Infinity]);
  const tanh = await runKernel(
    device,
    map(4, { kind: "unary", name: "tanh", argument: at, dtype: "f32" }),
    [extremes],
    4,
  );
  assertClose(tanh, [-1, -1, 1, 1], 1e-6);
});

gpuTest(
  "a storage is read twice and updated in place by one kernel",
  (device) =>
    withRandom(async (random) => {
      const initial = filled(1021, random);
      const state = stateBuffer(new Storage("state", 1021, "f32", initial));
      const at = { offset: 0, strides: [1] };
      const body: Expression = {
        kind: "binary",
        name: "multiply",
        a: load(at, 0),
        b: load(at, 1),
        dtype: "f32",
      };
      const schedule = scheduleOf(map(1021, body), [state, { ...state }], {
        ...state,
      });
      const program = await device.compile(planMemory(schedule, device.limits));
      await program.run({});
      assertEquals(
        await program.read(state),
        initial.map((value) => Math.fround(value * value)),
      );
    }),
);

gpuTest(
  "neighbouring parts of a storage that share an aligned block are used together",
  async (device) => {
    const storage = new Storage(
      "parameters",
      200,
      "f32",
      filled(200, (i) => i),
    );
    const body = load({ offset: 0, strides: [1] });
    const schedule = scheduleOf(
      map(30, body),
      [stateBuffer(storage, 70, 30)],
      stateBuffer(storage, 100, 30),
    );
    const program = await device.compile(planMemory(schedule, device.limits));
    await program.run({});
    assertEquals(
      await device.read(storage),
      filled(200, (i) => i >= 100 && i < 130 ? i - 30 : i),
    );
  },
);
