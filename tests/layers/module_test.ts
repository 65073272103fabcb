import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { sizeOf } from "../../engine/graph/tensor.ts";
import { Convolution } from "../../layers/convolution.ts";
import { Linear } from "../../layers/linear.ts";
import { namedParameters, namedStates } from "../../layers/module.ts";
import { packParameters } from "../../layers/packing.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { PatchNetwork } from "../../layers/patch_network.ts";
import { ResNet } from "../../layers/resnet.ts";

/** Some of everything; two children share a layer. */
function model() {
  const shared = new Linear(5, 7);
  return {
    first: { inner: shared, rate: 0.1 },
    list: [new Convolution(3, 4, 3), new BatchNorm(4)],
    second: { inner: shared, table: new Float32Array(3) },
  };
}

Deno.test("parameters and statistics are named by the properties that lead to them", () => {
  assertEquals([...namedParameters(model()).keys()], [
    "first.inner.weight",
    "first.inner.bias",
    "list.0.weight",
    "list.1.scale",
    "list.1.shift",
  ]);
  assertEquals([...namedStates(model()).keys()], [
    "list.1.mean",
    "list.1.variance",
  ]);
});

Deno.test("an encoder that a network shares is named once", () => {
  const encoder = new ResNet({ depth: 18, width: 0.0625, stem: "small" }, 3);
  const names = [
    ...namedParameters({
      encoder,
      patchNetwork: new PatchNetwork(encoder, 4, 0),
    }).keys(),
  ];
  assertEquals(names[0], "encoder.stem.weight");
  assert(names.includes("encoder.groups.2.1.convolutions.1.weight"));
  assertEquals(names.filter((name) => name.startsWith("patchNetwork")), [
    "patchNetwork.norm.scale",
    "patchNetwork.norm.shift",
  ]);
});

Deno.test("packed parameters have places of their own, at multiples of 64", () => {
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

Deno.test("convolutions start with He's deviation, linear weights with 1e-3, the rest with 0 or 1", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
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

Deno.test("initial values depend on the seed and the name alone", () => {
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

Deno.test("a parameter cannot be used before it has a place", () => {
  const { weight } = new Linear(2, 3);
  assertThrows(() => weight.tensor, Error, "before its model was packed");
});
