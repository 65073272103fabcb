import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertThrows,
} from "@std/assert";
import { constant, input, type Tensor } from "../../../engine/graph/tensor.ts";
import { add } from "../../../engine/ops/elementwise.ts";
import { sliceAxis } from "../../../engine/ops/movement.ts";
import {
  dropout,
  normalArray,
  philox,
  RandomSource,
} from "../../../engine/ops/random.ts";
import { Program } from "../../../engine/program.ts";
import { randomWord } from "../../random.ts";
import { checkForward } from "../compare.ts";
import { testOnDevices } from "../devices.ts";

// from the known-answer tests of Random123, the authors' library: counters, key, first word
const knownAnswers = [
  [0, 0, 0, 0xff1dae59],
  [0xffffffff, 0xffffffff, 0xffffffff, 0x2c3f628b],
  [0x243f6a88, 0x85a308d3, 0x13198a2e, 0xdd7ce038],
] as const;

Deno.test("philox: gives the numbers that its authors publish", () => {
  for (const [low, high, key, word] of knownAnswers) {
    // the key of stream 0 is the seed XOR the golden ratio
    const seed = (key ^ 0x9e3779b9) >>> 0;
    assertEquals(philox(seed, 0, high, low), word);
  }
});

Deno.test("normalArray: has the moments of a normal distribution, at odd sizes too", () => {
  const values = normalArray(100_001, 2, 5, 3);
  const moment = (power: number) =>
    values.reduce((sum, value) => sum + (value / 2) ** power, 0) /
    values.length;
  assertAlmostEquals(moment(1), 0, 0.02);
  assertAlmostEquals(moment(2), 1, 0.03);
  assertAlmostEquals(moment(3), 0, 0.06);
  assertAlmostEquals(moment(4), 3, 0.15);
  const neighbours = values.subarray(1).reduce(
    (sum, value, i) => sum + value * values[i],
    0,
  );
  assertAlmostEquals(neighbours / values.length, 0, 0.06);
});

Deno.test("normalArray: fewer numbers are the first of more", () => {
  const values = normalArray(4, 1, 5, 3);
  for (const size of [1, 2, 3]) {
    assertEquals(normalArray(size, 1, 5, 3), values.subarray(0, size));
  }
  assert(values.every((value) => value !== 0));
});

testOnDevices(
  "RandomSource, dropout: devices draw the numbers of the host",
  async (device) => {
    const random = new RandomSource(input("key", [2], "u32"));
    const outputs = [[1], [13], [5, 67]].flatMap((shape) => [
      random.uniform(shape),
      random.uniform(shape),
      dropout(constant(1, shape), 0.4, random),
    ]);
    const key = Uint32Array.of(randomWord(), randomWord());
    await checkForward(device, outputs, { key }, 1e-7);
  },
);

testOnDevices(
  "dropout: keeps the given share of the values, enlarged so that their mean stays",
  async (device) => {
    const random = new RandomSource(input("key", [2], "u32"));
    const program = await Program.compile(device, {
      outputs: [dropout(constant(3, [10_007]), 0.25, random)],
    });
    const key = Uint32Array.of(randomWord(), randomWord());
    const [values] = await program.evaluate({ key });
    program.destroy();
    assertEquals(new Set(values), new Set([0, 4]));
    const mean = Float64Array.from(values)
      .reduce((sum, value) => sum + value, 0) / values.length;
    // five standard deviations
    assertAlmostEquals(mean, 3, 5 * Math.sqrt(3) / Math.sqrt(values.length));
  },
);

testOnDevices(
  "RandomSource: parts of a draw are the rows that one source draws",
  async (device) => {
    const key = input("key", [2], "u32");
    const draw = (random: RandomSource, rows: number) => {
      random.uniform([rows, 5]);
      return random.uniform([rows, 5]);
    };
    const program = await Program.compile(device, {
      outputs: [
        draw(new RandomSource(key), 6),
        ...[0, 1, 2].map((part) => draw(new RandomSource(key, part), 2)),
      ],
    });
    const [all, ...parts] = await program.evaluate({
      key: Uint32Array.of(randomWord(), randomWord()),
    });
    program.destroy();
    assertEquals(parts.flatMap((part) => [...part]), [...all]);
  },
);

testOnDevices(
  "RandomSource: follows a key that is computed or a part of another",
  async (device) => {
    const key = input("key", [2], "u32");
    const keys = input("keys", [4], "u32");
    const draw = (key: Tensor) => new RandomSource(key).uniform([5]);
    const program = await Program.compile(device, {
      outputs: [draw(key), draw(add(key, 1)), draw(sliceAxis(keys, 0, 1, 3))],
    });
    const evaluate = (first: number, second: number) =>
      program.evaluate({
        key: new Uint32Array([first, second]),
        keys: new Uint32Array([0, first + 1, second + 1, 0]),
      });
    const [, computed, part] = await evaluate(7, 8);
    const [fed] = await evaluate(8, 9);
    program.destroy();
    assertEquals([computed, part], [fed, fed]);
  },
);

testOnDevices(
  "dropout: what is dropped is zero, whatever it was",
  async (device) => {
    const program = await Program.compile(device, {
      outputs: [
        dropout(
          input("x", [1009]),
          0.5,
          new RandomSource(input("key", [2], "u32")),
        ),
      ],
    });
    const [values] = await program.evaluate({
      x: new Float32Array(1009).fill(Infinity),
      key: new Uint32Array([3, 4]),
    });
    program.destroy();
    assertEquals(new Set(values), new Set([0, Infinity]));
  },
);

Deno.test("RandomSource, dropout: refuse keys, shapes and rates that do not fit", () => {
  const random = new RandomSource(input("key", [2], "u32"));
  assertThrows(() => random.uniform([2, 0]), RangeError, "at least 1");
  for (const rate of [1, -0.1, NaN]) {
    assertThrows(() => dropout(constant(1), rate, random), RangeError, "rate");
  }
  const floats = new RandomSource(input("key", [2]));
  assertThrows(() => floats.uniform([1]), TypeError, "key of two u32");
});
