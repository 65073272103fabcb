import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Call } from "../../../../../engine/devices/wasm/calls/call.ts";
import {
  callsOf,
  sharedBytesOf,
} from "../../../../../engine/devices/wasm/calls/calls.ts";
import {
  MAX_CHANNELS,
  MAX_TAPS,
  parameterCounts,
} from "../../../../../engine/devices/wasm/kernel_interface.generated.ts";
import type {
  ConvolutionKernel,
  Dispatch,
  Kernel,
  MatmulKernel,
} from "../../../../../engine/compile/kernel.ts";
import { UserError } from "../../../../../engine/user_error.ts";

function dispatchOf(kernel: Kernel, inputs: number, size: number): Dispatch {
  const buffer = { size, dtype: "f32", label: "buffer" } as const;
  return {
    kernel,
    inputs: Array.from({ length: inputs }, () => ({ ...buffer })),
    output: buffer,
  };
}

function matmul(
  m: number,
  n: number,
  k: number,
  batch: readonly number[] = [],
): Dispatch {
  const ranges = batch.map(() => 0);
  const kernel: MatmulKernel = {
    kind: "matmul",
    batch,
    m,
    n,
    k,
    a: { offset: 0, strides: [...ranges, k, 1] },
    b: { offset: 0, strides: [...ranges, n, 1] },
  };
  const count = batch.reduce((product, size) => product * size, 1);
  return dispatchOf(kernel, 2, count * m * n);
}

function convolution(
  pass: ConvolutionKernel["pass"],
  { inputs = 3, outputs = 5, size = 3, pixels = 9 } = {},
): Dispatch {
  const geometry = {
    n: 2,
    height: pixels,
    width: pixels,
    inputs,
    outHeight: pixels,
    outWidth: pixels,
    outputs,
    window: { size, stride: 1, padding: (size - 1) / 2 },
  };
  const results = {
    forward: 2 * pixels ** 2 * outputs,
    inputGradient: 2 * pixels ** 2 * inputs,
    weightGradient: size ** 2 * inputs * outputs,
  };
  const kernel = { kind: "convolution", pass, geometry } as const;
  return dispatchOf(kernel, 2, results[pass]);
}

/**
 * Asserts that the parts of a call hand out every cell of a grid once; `cellsOf` gives the cells of
 * one list of arguments as ranges per axis.
 */
function assertCoveredOnce(
  call: Call,
  sizes: readonly number[],
  rangesOf: (part: readonly number[]) => [number, number][],
): void {
  const seen = new Map<string, number>();
  const visit = (ranges: [number, number][], cell: number[]) => {
    if (cell.length === ranges.length) {
      seen.set(cell.join(), (seen.get(cell.join()) ?? 0) + 1);
      return;
    }
    const [start, end] = ranges[cell.length];
    for (let i = start; i < end; i++) visit(ranges, [...cell, i]);
  };
  call.parts.flat().forEach((part) => visit(rangesOf(part), []));
  assertEquals(seen.size, sizes.reduce((product, size) => product * size, 1));
  assert([...seen.values()].every((count) => count === 1));
}

/** The arguments of a part as ranges, two by two. */
const pairs = (part: readonly number[]): [number, number][] =>
  Array.from(
    { length: part.length / 2 },
    (_, i) => [part[2 * i], part[2 * i + 1]],
  );

/** Part i of n as a range of one. */
const one = (part: number): [number, number] => [part, part + 1];

const threadCounts = [1, 2, 3, 5, 16];

Deno.test("callsOf: the parts of a product cover batches, rows and columns once", () => {
  for (const threads of threadCounts) {
    for (
      const [m, n, k, batch] of [
        [1, 1, 1, []],
        [50, 40, 30, []],
        [5, 160, 64, []],
        [7, 9, 300, [11]],
        [2, 3, 4, [2, 3]],
      ] as const
    ) {
      const [call, ...others] = callsOf(matmul(m, n, k, batch), threads);
      assertEquals(others, []);
      const count = batch.reduce<number>((product, size) => product * size, 1);
      assertCoveredOnce(call, [count, m, n], pairs);
    }
  }
});

Deno.test("callsOf: a long inner axis is split into partial sums, the same for any number of threads", () => {
  const dispatch = matmul(7, 5, 4096);
  assertEquals(sharedBytesOf(dispatch), 8 * 35 * 4);
  for (const threads of threadCounts) {
    const [product, sum] = callsOf(dispatch, threads);
    assertCoveredOnce(product, [8, 7, 5], pairs);
    assertEquals(product.arguments.slice(3, 7), [7, 5, 512, 8]);
    assertEquals(sum.target, "sumParts");
    assertCoveredOnce(sum, [35], pairs);
  }
});

Deno.test("callsOf: the parts of convolutions cover pixels, channels and taps once", () => {
  for (const threads of threadCounts) {
    for (const pass of ["forward", "inputGradient"] as const) {
      const [manyPixels] = callsOf(convolution(pass), threads);
      assertCoveredOnce(
        manyPixels,
        [threads, pass === "forward" ? 5 : 3],
        ([part, parts, start, end]) => {
          assertEquals(parts, threads);
          return [one(part), [start, end]];
        },
      );
      const few = { pixels: 1, inputs: 70, outputs: 70, size: 1 };
      const [manyChannels] = callsOf(convolution(pass, few), threads);
      assertCoveredOnce(manyChannels, [1, 70], ([part, parts, start, end]) => {
        assertEquals(parts, 1);
        return [one(part), [start, end]];
      });
    }
    const [short] = callsOf(convolution("weightGradient"), threads);
    assertCoveredOnce(short, [threads], ([, , part]) => [one(part)]);
    const long = convolution("weightGradient", { pixels: 40 });
    const [product, sum] = callsOf(long, threads);
    assertCoveredOnce(product, [4], ([part, parts]) => {
      assertEquals(parts, 4);
      return [one(part)];
    });
    assertCoveredOnce(sum, [long.output.size], pairs);
    assertEquals(sharedBytesOf(long), 4 * long.output.size * 4);
  }
});

Deno.test("callsOf: rows, indices and bytes are covered once", () => {
  const table = { rows: 37, count: 1500, width: 13 };
  const geometry = {
    n: 2,
    height: 6,
    width: 7,
    inputs: 3,
    outHeight: 3,
    outWidth: 4,
    outputs: 3,
    window: { size: 3, stride: 2, padding: 1 },
  };
  const cases: [Kernel, number, number][] = [
    [{ kind: "gather", ...table }, 2, table.count],
    [{ kind: "scatterAdd", ...table }, 2, table.rows],
    [{ kind: "zero" }, 0, 4 * 333],
    [{ kind: "copy" }, 1, 4 * 333],
    [{ kind: "pool", gradient: false, geometry }, 1, 24],
    [{ kind: "pool", gradient: true, geometry }, 2, 84],
  ];
  for (const threads of threadCounts) {
    for (const [kernel, inputs, units] of cases) {
      const [call] = callsOf(dispatchOf(kernel, inputs, 333), threads);
      assertCoveredOnce(call, [units], pairs);
    }
  }
});

Deno.test("callsOf: every call has as many arguments as its kernel has parameters", () => {
  const dispatches = [
    matmul(20, 20, 20, [3]),
    matmul(3, 3, 5000),
    convolution("forward"),
    convolution("inputGradient"),
    convolution("weightGradient", { pixels: 40 }),
  ];
  for (const call of dispatches.flatMap((dispatch) => callsOf(dispatch, 2))) {
    assert(call.target !== "fused");
    for (const part of call.parts.flat()) {
      assertEquals(
        call.arguments.length + part.length,
        parameterCounts[call.target],
        call.target,
      );
    }
  }
});

Deno.test("callsOf: convolutions that the kernels have no room for are refused", () => {
  const size = Math.ceil(Math.sqrt(MAX_TAPS)) + 1;
  for (
    const sizes of [
      { inputs: MAX_CHANNELS + 1, size: 1 },
      { outputs: MAX_CHANNELS + 1, size: 1 },
      { inputs: 1, outputs: 1, size },
      { inputs: MAX_CHANNELS, size: 3 },
    ]
  ) {
    assertThrows(
      () => callsOf(convolution("forward", sizes), 2),
      UserError,
      "buffer: ",
    );
  }
  callsOf(convolution("forward", { inputs: MAX_CHANNELS, size: 1 }), 2);
});
