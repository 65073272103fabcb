/**
 * Elementary functions of both devices: engine/devices/wasm/vector_math.ts,
 * engine/devices/wasm/instructions.ts and engine/devices/webgpu/helpers.ts.
 */
import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { input, type Tensor } from "../../../engine/graph/tensor.ts";
import type { UnaryName } from "../../../engine/ops/elementwise_operations.ts";
import * as ops from "../../../engine/ops/elementwise.ts";
import { max } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { randomNumber } from "../../random.ts";
import { testOnDevices } from "../devices.ts";

const SMALLEST = 2 ** -149;
const SMALLEST_NORMAL = 2 ** -126;
/** Relative distance of neighbouring f32. */
const ULP = 2 ** -23;

/** The error function in float64, by a series of positive terms. */
function erf(x: number): number {
  if (!(Math.abs(x) < 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return sum * 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
}

/** A function with the largest relative errors it may have. */
interface Elementary {
  readonly op: (x: Tensor) => Tensor;
  readonly exact: (x: number) => number;
  /** On wasm: what was measured over all exponents and both signs, rounded up. */
  readonly wasm: number;
  /**
   * On WebGPU: what the WGSL specification (section 15.7.4) allows a driver for its own functions, by
   * argument; for those made of polynomials here, their error with the specification's for what they use.
   */
  readonly webgpu: number | ((x: number) => number);
}

const functions = {
  exp: {
    op: ops.exp,
    exact: Math.exp,
    wasm: 9e-8,
    webgpu: (x) => (3 + 2 * Math.abs(x)) * ULP,
  },
  log: {
    op: ops.log,
    exact: Math.log,
    wasm: 1e-7,
    // an absolute error of 2^-21 near 1; lavapipe makes use of half of it
    webgpu: (x) =>
      x >= 0.5 && x <= 2 ? 2 ** -21 / Math.abs(Math.log(x)) : 3 * ULP,
  },
  // the reciprocal of an inverse square root: 2 and 2.5 ULP
  sqrt: { op: ops.sqrt, exact: Math.sqrt, wasm: 6e-8, webgpu: 4.5 * ULP },
  tanh: { op: ops.tanh, exact: Math.tanh, wasm: 3e-7, webgpu: 5e-7 },
  erf: { op: ops.erf, exact: erf, wasm: 1e-7, webgpu: 3e-7 },
} satisfies Record<
  Exclude<UnaryName, "negate" | "abs" | "floor" | "isFinite">,
  Elementary
>;

/** All exponents and both signs, dense where functions are hard, and what is no ordinary number. */
function samples(): Float32Array<ArrayBuffer> {
  const values: number[] = [];
  const word = new DataView(new ArrayBuffer(4));
  for (let exponent = 0; exponent < 255; exponent++) {
    const mantissas = [0, 1, 0x7fffff];
    while (mantissas.length < 20) mantissas.push(randomNumber(0, 2 ** 23));
    for (const mantissa of mantissas) {
      word.setUint32(0, exponent << 23 | mantissa);
      values.push(word.getFloat32(0), -word.getFloat32(0));
    }
  }
  const hard: [low: number, high: number][] = [
    [-105, -86],
    [-86, 90],
    [-10, 10],
    [-1.2, 1.2],
    [0.5, 2],
    [0.999, 1.001],
  ];
  for (const [low, high] of hard) {
    for (let i = 0; i < 5000; i++) values.push(randomNumber(low, high));
  }
  return Float32Array.from([...values, 0, -0, Infinity, -Infinity, NaN]);
}

function assertWithin(
  device: Device,
  name: string,
  { exact, ...bounds }: Elementary,
  x: number,
  actual: number,
): void {
  const gpu = device.kind === "webgpu";
  // a GPU may take denormals for 0, and treats what is not finite as it likes
  if (gpu && !Number.isFinite(x)) return;
  const relative = bounds[device.kind];
  const limit = typeof relative === "number" ? relative : relative(x);
  const floor = gpu ? SMALLEST_NORMAL : SMALLEST;
  const candidates = gpu && Math.abs(x) < SMALLEST_NORMAL ? [x, 0 * x] : [x];
  const holds = candidates.map(exact).some((expected) => {
    const rounded = Math.fround(expected);
    if (gpu && !Number.isFinite(rounded)) return true;
    return Object.is(actual, rounded) ||
      Math.abs(actual - expected) <= limit * Math.abs(expected) + floor;
  });
  assert(holds, `${name}(${x}) is ${actual}, not ${exact(x)}`);
}

testOnDevices(
  "unary functions: relative errors stay within their bounds over the whole range",
  async (device) => {
    const values = samples();
    const x = input("x", [values.length]);
    const all: [string, Elementary][] = Object.entries(functions);
    const program = await Program.compile(device, {
      outputs: all.map(([, { op }]) => op(x)),
    });
    const results = await program.evaluate({ x: values });
    program.destroy();
    all.forEach(([name, elementary], k) => {
      values.forEach((value, i) =>
        assertWithin(device, name, elementary, value, results[k][i])
      );
    });
  },
);

testOnDevices(
  "unary functions: negate, abs and floor are exact",
  async (device) => {
    const values = samples().filter((value) =>
      device.kind === "wasm" ||
      (Math.abs(value) >= SMALLEST_NORMAL && Number.isFinite(value))
    );
    const x = input("x", [values.length]);
    const program = await Program.compile(device, {
      outputs: [ops.negate(x), ops.abs(x), ops.floor(x)],
    });
    const actual = await program.evaluate({ x: values });
    program.destroy();
    assertEquals(actual, [
      values.map((value) => -value),
      values.map(Math.abs),
      values.map(Math.floor),
    ]);
  },
);

/** Two lists that hold every pair of some values. */
function pairsOf(values: readonly number[]): { a: number[]; b: number[] } {
  return {
    a: values.flatMap((value) => values.map(() => value)),
    b: values.flatMap(() => values),
  };
}

testOnDevices(
  "binary functions: edges of f32 give what IEEE 754 says",
  async (device) => {
    const finite = [0, 1, -1, 1.5, 1 / 3, -7e-20, 3e19, -(2 ** 100), 2 ** -100];
    const special = [-0, NaN, Infinity, -Infinity, SMALLEST, -SMALLEST];
    special.push(SMALLEST_NORMAL, 3.4028234663852886e38);
    const wasm = device.kind === "wasm";
    const { a, b } = pairsOf(
      (wasm ? [...finite, ...special] : finite).map(Math.fround),
    );
    const cases: [
      (x: Tensor, y: Tensor) => Tensor,
      (x: number, y: number) => number,
      number,
    ][] = [
      [ops.add, (x, y) => x + y, 0],
      [ops.subtract, (x, y) => x - y, 0],
      [ops.multiply, (x, y) => x * y, 0],
      [ops.divide, (x, y) => x / y, wasm ? 0 : 2.5 * ULP],
      [ops.maximum, Math.max, 0],
      [ops.minimum, Math.min, 0],
      [ops.less, (x, y) => x < y ? 1 : 0, 0],
      [ops.equal, (x, y) => x === y ? 1 : 0, 0],
    ];
    const [x, y] = [input("x", [a.length]), input("y", [a.length])];
    const program = await Program.compile(device, {
      outputs: cases.map(([op]) => op(x, y)),
    });
    const results = await program.evaluate({
      x: Float32Array.from(a),
      y: Float32Array.from(b),
    });
    program.destroy();
    cases.forEach(([op, exact, limit], k) => {
      a.forEach((left, i) => {
        const expected = Math.fround(exact(left, b[i]));
        const actual = results[k][i];
        // what overflows, and the sign of a zero, is up to a GPU
        if (!wasm && !Number.isFinite(expected)) return;
        const holds = wasm
          ? Object.is(actual, expected)
          : Math.abs(actual - expected) <=
            limit * Math.abs(expected) + SMALLEST_NORMAL;
        assert(
          holds,
          `${op.name}(${left}, ${b[i]}) is ${actual}, not ${expected}`,
        );
      });
    });
  },
);

testOnDevices(
  "binary functions: whole numbers wrap and compare as their type says",
  async (device) => {
    const edges = {
      i32: [0, 1, -1, 7, -40000, 2 ** 31 - 1, -(2 ** 31)],
      u32: [0, 1, 7, 70001, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
    };
    for (const dtype of ["i32", "u32"] as const) {
      const list = (values: readonly number[]) =>
        dtype === "i32" ? Int32Array.from(values) : Uint32Array.from(values);
      const { a, b } = pairsOf(edges[dtype]);
      const x = input("x", [a.length], dtype);
      const y = input("y", [a.length], dtype);
      const program = await Program.compile(device, {
        outputs: [
          ops.add(x, y),
          ops.subtract(x, y),
          ops.multiply(x, y),
          ops.maximum(x, y),
          ops.minimum(x, y),
          ops.less(x, y),
          ops.equal(x, y),
          ops.select(x, y, 3),
          max(x, { axes: [0] }),
        ],
      });
      const actual = await program.evaluate({
        x: list(a),
        y: list(b),
      });
      program.destroy();
      const expected = (f: (x: number, y: number) => number) =>
        list(a.map((value, i) => f(value, b[i])));
      assertEquals(actual, [
        expected((x, y) => x + y),
        expected((x, y) => x - y),
        expected(Math.imul),
        expected(Math.max),
        expected(Math.min),
        expected((x, y) => x < y ? 1 : 0),
        expected((x, y) => x === y ? 1 : 0),
        expected((x, y) => x !== 0 ? y : 3),
        list([Math.max(...a)]),
      ]);
    }
  },
);

testOnDevices("unary functions: i32 wraps", async (device) => {
  const values = Int32Array.of(0, 1, -1, 2 ** 31 - 1, -(2 ** 31));
  const x = input("x", [values.length], "i32");
  const program = await Program.compile(device, {
    outputs: [ops.negate(x), ops.abs(x)],
  });
  const actual = await program.evaluate({ x: values });
  program.destroy();
  assertEquals(actual, [values.map((value) => -value), values.map(Math.abs)]);
});

testOnDevices(
  "cast: cuts fractions off, saturates, and rounds large whole numbers to f32",
  async (device) => {
    const floats = [0, 0.9, -0.9, 1.5, -7.99, 2147483520, -2147483648];
    const large = [3e9, -3e9, 1e20, -1e20];
    const x = input("x", [floats.length + large.length]);
    const signed = input("signed", [4], "i32");
    const unsigned = input("unsigned", [4], "u32");
    const program = await Program.compile(device, {
      outputs: [
        ops.cast(x, "i32"),
        ops.cast(x, "u32"),
        ops.cast(signed, "f32"),
        ops.cast(unsigned, "f32"),
      ],
    });
    const i32 = Int32Array.of(16777217, -16777219, 2 ** 31 - 1, -(2 ** 31));
    const u32 = Uint32Array.of(16777217, 16777219, 2 ** 31 + 1, 2 ** 32 - 1);
    const actual = await program.evaluate({
      x: Float32Array.from([...floats, ...large]),
      signed: i32,
      unsigned: u32,
    });
    program.destroy();
    // WGSL saturates to the nearest f32 that fits
    const below = (limit: number) =>
      device.kind === "wasm" ? limit - 1 : limit - limit / 2 ** 24;
    const saturated = (low: number, high: number) => (value: number) =>
      Math.trunc(Math.min(Math.max(value, low), high));
    assertEquals(actual, [
      Int32Array.from(
        [...floats, ...large],
        saturated(-(2 ** 31), below(2 ** 31)),
      ),
      Uint32Array.from([...floats, ...large], saturated(0, below(2 ** 32))),
      Float32Array.from(i32),
      Float32Array.from(u32),
    ]);
  },
);
