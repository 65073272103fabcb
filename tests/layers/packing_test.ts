import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { input, sizeOf } from "../../engine/graph/tensor.ts";
import { Program } from "../../engine/program.ts";
import { AttentionExchange } from "../../layers/attention_exchange.ts";
import { Convolution } from "../../layers/convolution.ts";
import { Linear } from "../../layers/linear.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { flattenGradients, packParameters } from "../../layers/packing.ts";
import { Parameter } from "../../layers/parameter.ts";
import { State } from "../../layers/state.ts";
import { devices } from "../engine/devices.ts";
import { randomArray, randomWord, testWithSeed } from "../random.ts";

/** Some of everything; two children share a layer. */
function model() {
  const shared = new Linear(5, 7);
  return {
    first: { inner: shared, rate: 0.1 },
    list: [new Convolution(3, 4, 3), new BatchNorm(4)],
    second: { inner: shared, table: new Float32Array(3) },
  };
}

Deno.test("packParameters: every parameter has a place of its own, at a multiple of 64", () => {
  const packed = packParameters(model(), 0);
  let end = 0;
  for (const { shape, offset } of packed.entries.values()) {
    assertEquals(offset % 64, 0);
    assert(offset >= end);
    end = offset + sizeOf(shape);
  }
  assert(end <= packed.storage.size);
  assertEquals(
    packed.tensors.map(({ shape }) => shape),
    [...packed.entries.values()].map(({ shape }) => shape),
  );
});

/** Initial values of the parameters of a model, by name. */
function initialValues(model: object, seed: number): Map<string, Float32Array> {
  const { storage, entries } = packParameters(model, seed);
  const all = storage.initial as Float32Array;
  return new Map(
    [...entries].map(([name, { shape, offset }]) => [
      name,
      all.slice(offset, offset + sizeOf(shape)),
    ]),
  );
}

const deviation = (values: Float32Array) =>
  Math.sqrt(
    values.reduce((sum, value) => sum + value * value, 0) / values.length,
  );

const DEVIATIONS =
  "packParameters: convolutions start with He's deviation, linear weights with 1e-3, the rest with 0 or 1";
testWithSeed(DEVIATIONS, () => {
  const seed = randomWord();
  const values = initialValues({
    convolution: new Convolution(20, 50, 3),
    linear: new Linear(100, 90),
    norm: new BatchNorm(8),
  }, seed);
  // 9000 draws: the deviation of a deviation is 0.75 %
  const he = Math.sqrt(2 / (3 * 3 * 20));
  const convolution = values.get("convolution.weight")!;
  assertAlmostEquals(deviation(convolution) / he, 1, 0.04);
  assertAlmostEquals(deviation(values.get("linear.weight")!) / 1e-3, 1, 0.04);
  const mean = convolution.reduce((sum, value) => sum + value, 0) /
    convolution.length;
  assertAlmostEquals(mean / he, 0, 0.06);
  assertEquals(values.get("linear.bias"), new Float32Array(90));
  assertEquals(values.get("norm.scale"), new Float32Array(8).fill(1));
  assertEquals(values.get("norm.shift"), new Float32Array(8));
});

Deno.test("packParameters: initial values depend on the seed and the name alone", () => {
  const a = initialValues({ a: new Linear(4, 5), b: new Linear(4, 5) }, 3);
  assertNotEquals(a.get("a.weight"), a.get("b.weight"));
  const reordered = initialValues({
    c: new Convolution(3, 3, 3),
    b: new Linear(4, 5),
    a: new Linear(4, 5),
  }, 3);
  assertEquals(a.get("a.weight"), reordered.get("a.weight"));
  assertEquals(a.get("b.weight"), reordered.get("b.weight"));
  const other = initialValues({ a: new Linear(4, 5) }, 4);
  assertNotEquals(a.get("a.weight"), other.get("a.weight"));
});

Deno.test("packParameters: a state can only start as a copy of a parameter of the same model", () => {
  const parameter = new Parameter([2, 3], { deviation: 1 });
  const state = new State("copy", [2, 3], parameter);
  const { storage } = packParameters({ state, parameter }, 1);
  assert(state.initial.every((value) => value !== 0));
  assertEquals(state.initial, Float32Array.from(storage.initial!).slice(0, 6));
  assertThrows(
    () => packParameters({ inner: { state }, other: new Linear(1, 1) }, 1),
    Error,
    "inner.state starts as a copy of a parameter that is not part of the model",
  );
});

testWithSeed(
  "flattenGradients: each gradient lies where its parameter does, with zeros between",
  async () => {
    const { entries, tensors, storage } = packParameters(model(), 0);
    const [wasm] = devices;
    const names = [...entries.keys()];
    const program = await Program.compile(wasm, {
      outputs: [
        flattenGradients(tensors.map(({ shape }, i) => input(names[i], shape))),
      ],
    });
    const feeds = Object.fromEntries(
      tensors.map(({ size }, i) => [names[i], randomArray(size)]),
    );
    const expected = new Float32Array(storage.size);
    for (const [name, { offset }] of entries) expected.set(feeds[name], offset);
    const [flat] = await program.evaluate(feeds);
    program.destroy();
    assertEquals(flat, expected);
  },
);

Deno.test("packParameters: a seed gives the values that it always gave, so that runs can be repeated", () => {
  const values = initialValues({ a: new Linear(2, 2), b: new Linear(1, 2) }, 3);
  assertEquals(
    [...values.get("a.weight")!, ...values.get("b.weight")!],
    [
      0.00033446575980633497,
      0.00019454762514214963,
      0.00003222302257199772,
      0.0002995715185534209,
      0.001203215098939836,
      -0.0008816103218123317,
    ],
  );
});

const EMBEDDINGS =
  "packParameters: position embeddings start with a deviation of 0.02";
testWithSeed(EMBEDDINGS, () => {
  const sizes = { width: 100, layers: 1, heads: 1, feedForward: 1, dropout: 0 };
  const values = initialValues({
    exchange: new AttentionExchange(1, 90, sizes),
  }, randomWord());
  const positions = values.get("exchange.positions")!;
  assertAlmostEquals(deviation(positions) / 0.02, 1, 0.04);
});

Deno.test("packParameters: parameters without a seed start with zeros, to be loaded", () => {
  const model = { weight: new Parameter([3], { deviation: 1 }) };
  const { storage } = packParameters(model);
  assertEquals([...storage.initial!.subarray(0, 3)], [0, 0, 0]);
});
