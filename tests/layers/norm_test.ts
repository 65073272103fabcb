import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { UserError } from "../../engine/user_error.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import { BatchNorm, BatchNormRelu, LayerNorm } from "../../layers/norm.ts";
import { assertClose } from "../engine/compare.ts";
import { randomArray } from "../random.ts";
import { testOnDevices, testOnWasm } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { batchNorm, channelStatistics, layerNorm, relu } from "./naive.ts";

const SHAPE = [3, 2, 5, 7];
const CHANNELS = 7;
const COUNT = 30;

testOnDevices(
  "BatchNorm: is its definition, by the statistics of the batch",
  (device) =>
    checkLayer(device, {
      layer: new BatchNorm(CHANNELS),
      shape: SHAPE,
      forward: (layer, x, context) => layer.forward(x, context),
      naive: (x, weights) => batchNorm(x, weights),
    }),
);

testOnDevices(
  "BatchNormRelu: is a batch normalisation and a ReLU",
  (device) =>
    checkLayer(device, {
      layer: new BatchNormRelu(CHANNELS),
      shape: SHAPE,
      forward: (layer, x, context) => layer.forward(x, context),
      naive: (x, weights) => relu(batchNorm(x, weights)),
    }),
);

testOnDevices("BatchNorm: evaluates by running statistics", (device) => {
  const layer = new BatchNorm(CHANNELS);
  const statistics = {
    mean: randomArray(CHANNELS),
    variance: randomArray(CHANNELS, 0.1, 2),
  };
  layer.mean.storage.initial!.set(statistics.mean);
  layer.variance.storage.initial!.set(statistics.variance);
  return checkLayer(device, {
    layer,
    shape: SHAPE,
    training: false,
    forward: (layer, x, context) => layer.forward(x, context),
    naive: (x, weights) => batchNorm(x, weights, statistics),
  });
});

testOnDevices(
  "BatchNorm: running statistics follow every batch that it is applied to",
  async (device) => {
    const layer = new BatchNorm(CHANNELS);
    packParameters(layer, 0);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const names = ["first", "second"];
    names.forEach((name) => layer.forward(input(name, SHAPE), context));
    const program = await Program.compile(device, {
      assignments: context.assignments,
    });
    const mean = new Float64Array(CHANNELS);
    const variance = new Float64Array(CHANNELS).fill(1);
    for (let step = 0; step < 3; step++) {
      const feeds = Object.fromEntries(
        names.map((name) => [name, randomArray(COUNT * CHANNELS, -1, 3)]),
      );
      await program.run(feeds);
      for (const name of names) {
        const x = Float64Array.from(feeds[name]);
        const batch = channelStatistics(x, CHANNELS);
        for (let c = 0; c < CHANNELS; c++) {
          mean[c] = 0.9 * mean[c] + 0.1 * batch.mean[c];
          // unbiased, as in PyTorch
          variance[c] = 0.9 * variance[c] +
            0.1 * batch.variance[c] * COUNT / (COUNT - 1);
        }
      }
    }
    assertClose(await device.read(layer.mean.storage), mean, "mean");
    assertClose(
      await device.read(layer.variance.storage),
      variance,
      "variance",
    );
    program.destroy();
  },
);

testOnWasm(
  "BatchNorm: the running variance of two values is unbiased",
  async (wasm) => {
    const layer = new BatchNorm(1);
    packParameters(layer, 0);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    layer.forward(input("x", [2, 1]), context);
    const program = await Program.compile(wasm, {
      assignments: context.assignments,
    });
    await program.run({ x: new Float32Array([1, 4]) });
    program.destroy();
    const variance = await wasm.read(layer.variance.storage);
    assertClose(variance, [0.9 + 0.1 * 4.5], "variance");
  },
);

Deno.test("BatchNorm: an evaluation leaves running statistics alone", () => {
  const layer = new BatchNorm(CHANNELS);
  packParameters(layer, 0);
  const context = new Context();
  layer.forward(input("x", SHAPE), context);
  assertEquals(context.assignments, []);
});

testOnWasm(
  "BatchNorm: no gradient reaches running statistics",
  async (wasm) => {
    const layer = new BatchNorm(CHANNELS);
    packParameters(layer, 0);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const x = input("x", SHAPE);
    layer.forward(x, context);
    const statistics = [layer.mean, layer.variance].map((state) =>
      sum(context.value(state))
    );
    const program = await Program.compile(wasm, {
      outputs: statistics.flatMap((value) => gradient(value, [x])),
    });
    for (const slope of await program.evaluate({ x: randomArray(x.size) })) {
      assert(slope.every((value) => value === 0));
    }
    program.destroy();
  },
);

for (const shape of [[3, 7], [2, 5, 13]]) {
  const width = shape[shape.length - 1];
  testOnDevices(
    `LayerNorm: is its definition on [${shape}]`,
    (device) =>
      checkLayer(device, {
        layer: new LayerNorm(width),
        shape,
        forward: (layer, x) => layer.forward(x),
        naive: layerNorm,
      }),
  );
}

Deno.test("LayerNorm: starts as a normalisation and nothing else", () => {
  const layer = new LayerNorm(3);
  const { storage, entries } = packParameters(layer, 0);
  const initialOf = (name: string) => {
    const { offset } = entries.get(name)!;
    return Array.from(storage.initial!.slice(offset, offset + 3));
  };
  assertEquals(initialOf("scale"), [1, 1, 1]);
  assertEquals(initialOf("shift"), [0, 0, 0]);
});

Deno.test("BatchNorm: refuses to learn from one value for each channel", () => {
  const layer = new BatchNorm(2);
  packParameters(layer, 0);
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  assertThrows(
    () => layer.forward(input("x", [1, 1, 2]), context),
    UserError,
    "larger batchSize",
  );
});
