import { assert, assertEquals, assertThrows } from "@std/assert";
import { input, sizeOf } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { Convolution } from "../../layers/convolution.ts";
import { namedInstances, namedParameters } from "../../layers/module.ts";
import { packParameters } from "../../layers/packing.ts";
import {
  Block,
  ResNet,
  resnet,
  resNetChannels,
  type ResNetDepth,
  type StemName,
} from "../../layers/resnet.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { child, convolve, maxPool } from "./naive.ts";
import { basic, block, bottleneck } from "./naive_resnet.ts";

const blocks = [
  { kind: basic, inputs: 3, outputs: 6, stride: 2, height: 5, width: 4 },
  { kind: bottleneck, inputs: 12, outputs: 12, stride: 1, height: 4, width: 3 },
  { kind: bottleneck, inputs: 6, outputs: 12, stride: 2, height: 7, width: 5 },
];

for (const { kind, inputs, outputs, stride, height, width } of blocks) {
  const hasShortcut = inputs !== outputs || stride !== 1;
  testOnDevices(
    `Block: a ${kind.name} one is its definition from ${inputs} to ${outputs} channels with stride ${stride}`,
    (device) =>
      checkLayer(device, {
        layer: new Block(inputs, outputs, stride, kind === bottleneck),
        shape: [3, height, width, inputs],
        forward: (layer, x, context) => layer.forward(x, context),
        naive: (data, weights) =>
          block(
            { n: 3, height, width, channels: inputs, data },
            weights,
            kind(stride),
            hasShortcut,
          ).data,
      }),
  );
}

const tiny = { depth: 18, width: 0.0625, stem: "small" } as const;

for (
  const { stem, stride, effect } of [
    { stem: "small", stride: 1, effect: "keeps the size" },
    { stem: "strided", stride: 2, effect: "halves the size" },
  ] as const
) {
  testOnDevices(
    `ResNet: the ${stem} stem ${effect}`,
    (device) =>
      checkLayer(device, {
        layer: new ResNet({ ...tiny, stem }, 0),
        shape: [2, 5, 3, 3],
        forward: (network, x) => network.forwardStem(x),
        naive: (data, weights) =>
          convolve(
            { n: 2, height: 5, width: 3, channels: 3, data },
            weights("stem.weight"),
            3,
            stride,
          ).data,
      }),
  );
}

testOnDevices(
  "ResNet: the imagenet stem convolves and pools",
  (device) =>
    checkLayer(device, {
      layer: new ResNet({ ...tiny, stem: "imagenet" }, 0),
      shape: [2, 9, 13, 3],
      forward: (network, x) => network.forwardStem(x),
      naive: (data, weights) =>
        maxPool(
          convolve(
            { n: 2, height: 9, width: 13, channels: 3, data },
            weights("stem.weight"),
            7,
            2,
          ),
        ).data,
    }),
);

testOnDevices(
  "ResNet: is its stem and its stages one after another",
  (device) =>
    checkLayer(device, {
      layer: new ResNet(tiny, 2),
      shape: [2, 4, 5, 3],
      forward: (network, x, context) => network.forward(x, context)[2],
      naive: (data, weights) => {
        let y = convolve(
          { n: 2, height: 4, width: 5, channels: 3, data },
          weights("stem.weight"),
          3,
        );
        for (const [group, i] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
          const shrinks = group === 1 && i === 0;
          const of = child(weights, `groups.${group}.${i}`);
          y = block(y, of, basic(shrinks ? 2 : 1), shrinks);
        }
        return y.data;
      },
      // six normalisations in a row, some of few values
      tolerance: 2e-4,
    }),
);

Deno.test("ResNet: has the channels and the weights of the published ones", () => {
  const convolutionWeights = (depth: ResNetDepth) =>
    [...namedParameters(new ResNet({ depth, width: 1, stem: "imagenet" }))]
      .filter(([name]) => name.endsWith("weight"))
      .reduce((total, [, { shape }]) => total + sizeOf(shape), 0);
  // counted by hand, and torchvision's resnet18 and resnet50 without their normalisations and classifiers
  assertEquals(convolutionWeights(10), 4_900_032);
  assertEquals(convolutionWeights(14), 7_996_608);
  assertEquals(convolutionWeights(18), 11_166_912);
  assertEquals(convolutionWeights(26), 13_915_328);
  assertEquals(convolutionWeights(50), 23_454_912);
  const channels = (depth: ResNetDepth, width: number) =>
    resNetChannels({ depth, width });
  assertEquals(channels(50, 1), [64, 256, 512, 1024, 2048]);
  assertEquals(channels(10, 1), [64, 64, 128, 256, 512]);
  assertEquals(channels(14, 1), [64, 256, 512, 1024, 2048]);
  assertEquals(channels(26, 0.5), [32, 128, 256, 512, 1024]);
  assertEquals(channels(18, 0.25), [16, 16, 32, 64, 128]);
  assertEquals(channels(18, 0.01), [8, 8, 8, 8, 8]);
  assertEquals(channels(18, 4), [256, 256, 512, 1024, 2048]);
});

Deno.test("ResNet: all convolutions start with the deviation of He et al. for what their windows see", () => {
  const network = new ResNet({ depth: 50, width: 0.0625, stem: "imagenet" });
  const layers = [...namedInstances(network, Convolution)];
  // the stem, three in each of 16 blocks, and a shortcut in each of 4 stages
  assertEquals(layers.length, 1 + 3 * 16 + 4);
  for (const [name, { weight }] of layers) {
    const [height, width, inputs] = weight.shape;
    const deviation = Math.sqrt(2 / (height * width * inputs));
    assertEquals(weight.initializer, { deviation }, name);
  }
});

Deno.test("ResNet: each stage but the first halves the maps, and the stem keeps, halves or quarters them", () => {
  const sizesOf = (stem: StemName) => {
    const network = new ResNet({ ...tiny, stem });
    packParameters(network, 0);
    const images = input("images", [1, 32, 64, 3]);
    return network.forward(images, new Context()).map(({ shape }) => shape);
  };
  assertEquals(sizesOf("small"), [
    [1, 32, 64, 8],
    [1, 32, 64, 8],
    [1, 16, 32, 8],
    [1, 8, 16, 16],
    [1, 4, 8, 32],
  ]);
  const heightsOf = (stem: StemName) =>
    sizesOf(stem).map(([, height]) => height);
  assertEquals(heightsOf("strided"), [16, 16, 8, 4, 2]);
  assertEquals(heightsOf("imagenet"), [8, 8, 4, 2, 1]);
});

Deno.test("resnet: accepts five depths, a width from 1/16 to 4 and three stems, by default the paper's", () => {
  const { schema } = resnet;
  assertEquals(schema.parse({ name: "resnet" }), {
    name: "resnet",
    depth: 50,
    width: 1,
    stem: "imagenet",
  });
  const accepts = (options: object) =>
    schema.safeParse({ name: "resnet", ...options }).success;
  const numbers = Array.from({ length: 60 }, (_, i) => i);
  assertEquals(numbers.filter((depth) => accepts({ depth })), [
    10,
    14,
    18,
    26,
    50,
  ]);
  assertEquals(
    [0.0624, 0.0625, 4, 4.01].filter((width) => accepts({ width })),
    [0.0625, 4],
  );
  assert(accepts({ stem: "small" }));
  assert(accepts({ stem: "strided" }));
  assert(!accepts({ stem: "large" }));
});

Deno.test("resnet: has four stages for images and three for patches", () => {
  const options = resnet.schema.parse({ name: "resnet" });
  assertEquals(resnet.create(options, "images").channels.length, 1 + 4);
  assertEquals(resnet.create(options, "patches").channels.length, 1 + 3);
});

Deno.test("ResNet: refuses numbers of stages that it cannot have, and stages that are not there", () => {
  const options = resnet.schema.parse({ name: "resnet", width: 0.0625 });
  for (const stages of [-1, 5, 1.5]) {
    assertThrows(
      () => new ResNet(options, stages),
      RangeError,
      `has at most 4 stages, not ${stages}`,
    );
  }
  const x = input("x", [1, 4, 4, 8]);
  assertThrows(
    () => new ResNet(options, 2).forwardStage(2, x, new Context()),
    RangeError,
    "there is no stage 2",
  );
});
