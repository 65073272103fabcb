import { assertEquals } from "@std/assert";
import { RandomSource } from "../../engine/ops/random.ts";
import { Program } from "../../engine/program.ts";
import { input } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import { BatchNorm } from "../../layers/norm.ts";
import { assertClose } from "../engine/compare.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { batchNorm, channelStatistics } from "./naive.ts";

const SHAPE = [3, 2, 5, 7];
const CHANNELS = 7;
const COUNT = 30;

testOnDevices(
  "batch normalisation by the statistics of the batch",
  (device) =>
    checkLayer(device, {
      layer: new BatchNorm(CHANNELS),
      shape: SHAPE,
      forward: (layer, x, context) => layer.forward(x, context),
      naive: (x, weights) => batchNorm(x, weights),
    }),
);

testOnDevices("batch normalisation by running statistics", (device) => {
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
  "running statistics follow every batch that a network is applied to",
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

Deno.test("an evaluation leaves running statistics alone", () => {
  const layer = new BatchNorm(CHANNELS);
  packParameters(layer, 0);
  const context = new Context();
  layer.forward(input("x", SHAPE), context);
  assertEquals(context.assignments, []);
});
