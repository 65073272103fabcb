import { assert, assertEquals } from "@std/assert";
import { gradient } from "../../../engine/graph/gradient.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { sum } from "../../../engine/ops/reduction.ts";
import { Program } from "../../../engine/program.ts";
import { input } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import { namedParameters, namedStates } from "../../../layers/module.ts";
import { ResNet } from "../../../layers/resnet.ts";
import { buildModel } from "../../../train/build_model.ts";
import { assertClose } from "../../engine/compare.ts";
import { randomArray } from "../../random.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { channelStatistics, convolve } from "../../layers/naive.ts";
import { splitPatches } from "../../layers/naive_networks.ts";
import { SIZE, tinyModel } from "./tiny_models.ts";

const config = tinyModel({
  name: "maskedPatchPrediction",
  masked: 2,
  projection: 5,
  doubleView: true,
}, { maskedPatch: { weight: 1 }, image: { weight: 1 } });
const n = config.batchSize;

Deno.test("DoubleView: the encoder is named once, and has one more stage", () => {
  const namesOf = (doubleView: boolean) => {
    const model = { ...config.model, doubleView };
    return [
      ...buildModel(tinyModel(model, {}), SIZE).parameters.entries.keys(),
    ];
  };
  const encoderNames = (names: string[]) =>
    names.filter((name) => /stem|groups/.test(name));
  for (const doubleView of [false, true]) {
    const encoder = new ResNet(
      { depth: 18, width: 0.0625, stem: "small" },
      doubleView ? 4 : 3,
    );
    assertEquals(
      encoderNames(namesOf(doubleView)),
      [...namedParameters(encoder).keys()].map((name) => `encoder.${name}`),
    );
  }
  const own = namesOf(true).filter((name) => name.startsWith("doubleView."));
  assertEquals(own.sort(), [
    "doubleView.imageHead.linear.bias",
    "doubleView.imageHead.linear.weight",
    "doubleView.imageNetwork.norm.scale",
    "doubleView.imageNetwork.norm.shift",
    "doubleView.predictionHead.linear.bias",
    "doubleView.predictionHead.linear.weight",
    "doubleView.token",
  ]);
});

testOnWasm(
  "DoubleView: both paths use the weights of the encoder and update its running statistics",
  async (device) => {
    const { model, parameters } = buildModel(config, SIZE);
    const images = input("images", [n, SIZE, SIZE, 3]);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const outputs = model.forward(images, config.views, context);
    const names = [...parameters.entries.keys()];
    const stem = parameters.tensors[names.indexOf("encoder.stem.weight")];
    const targets = [outputs.maskedPatch!.targets, outputs.image!.targets];
    const program = await Program.compile(device, {
      outputs: targets.flatMap((target) => gradient(sum(target), [stem])),
      assignments: context.assignments,
    });
    const pixels = randomArray(images.size);
    const gradients = await program.evaluate({
      images: pixels,
      key: Uint32Array.of(1, 2),
    });
    const statistics = namedStates(model);
    const read = (name: string) =>
      device.read(
        statistics.get(`encoder.groups.0.0.norms.0.${name}`)!.storage,
      );
    const [mean, variance] = [await read("mean"), await read("variance")];
    const { offset } = parameters.entries.get("encoder.stem.weight")!;
    const weight = Float64Array.from(
      parameters.storage.initial!.subarray(offset, offset + stem.size),
    );
    program.destroy();
    device.release(parameters.storage);
    for (const { storage } of statistics.values()) device.release(storage);

    for (const slope of gradients) assert(slope.some((value) => value !== 0));
    // what the first normalisation sees of the patches, then of the images
    const whole = {
      n,
      height: SIZE,
      width: SIZE,
      channels: 3,
      data: Float64Array.from(pixels),
    };
    const expectedMean = new Float64Array(mean.length);
    const expectedVariance = new Float64Array(mean.length).fill(1);
    for (const seen of [splitPatches(whole, 2), whole]) {
      const { data, channels } = convolve(seen, weight, 3);
      const batch = channelStatistics(data, channels);
      const count = data.length / channels;
      for (let c = 0; c < channels; c++) {
        expectedMean[c] = 0.9 * expectedMean[c] + 0.1 * batch.mean[c];
        expectedVariance[c] = 0.9 * expectedVariance[c] +
          0.1 * batch.variance[c] * count / (count - 1);
      }
    }
    assertClose(mean, expectedMean, "running mean");
    assertClose(variance, expectedVariance, "running variance");
  },
);
