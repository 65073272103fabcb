import { assert, assertEquals, assertThrows } from "@std/assert";
import { gradient } from "../../engine/graph/gradient.ts";
import { multiply, subtract } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { AttentionExchange } from "../../layers/attention_exchange.ts";
import { Context } from "../../layers/context.ts";
import { packParameters } from "../../layers/packing.ts";
import { randomArray } from "../random.ts";
import { testOnDevices } from "../engine/devices.ts";
import { checkLayer } from "./check.ts";
import { attentionExchange } from "./naive_attention.ts";

const sizes = { width: 6, layers: 2, heads: 3 };
const options = { ...sizes, feedForward: 7, dropout: 0.2 };
const [N, PATCHES] = [3, 4];
const [HEIGHT, WIDTH, CHANNELS] = [2, 3, 5];
const SHAPE = [N * PATCHES, HEIGHT, WIDTH, CHANNELS];
const MAP = HEIGHT * WIDTH * CHANNELS;
// in the last image all patches but one are masked
const VISIBLE = Float32Array.of(1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0);

const visibleTensor = (): Tensor =>
  new Storage("visible", VISIBLE.length, "f32", VISIBLE).tensor([N, PATCHES]);

for (const masked of [false, true]) {
  testOnDevices(
    `AttentionExchange: is its definition among ${
      masked ? "visible" : "all"
    } patches`,
    (device) =>
      checkLayer(device, {
        layer: new AttentionExchange(CHANNELS, PATCHES, options),
        shape: SHAPE,
        forward: (exchange, x, context) =>
          exchange.forward(x, context, masked ? visibleTensor() : undefined),
        naive: (data, weights, random) =>
          attentionExchange(
            {
              n: N * PATCHES,
              height: HEIGHT,
              width: WIDTH,
              channels: CHANNELS,
              data,
            },
            weights,
            {
              ...sizes,
              tokens: PATCHES,
              visible: masked ? VISIBLE : undefined,
              dropout: { rate: 0.2, random },
            },
          ).data,
      }),
  );
}

testOnDevices(
  "AttentionExchange: maps of masked patches pass unchanged, and no other map depends on them",
  async (device) => {
    const exchange = new AttentionExchange(CHANNELS, PATCHES, options);
    const parameters = packParameters(exchange, 0);
    const values = parameters.storage.initial as Float32Array;
    values.set(randomArray(values.length));
    const x = input("x", SHAPE);
    const context = new Context(new RandomSource(input("key", [2], "u32")));
    const y = exchange.forward(x, context, visibleTensor());
    const weights = input("weights", SHAPE);
    const [slope] = gradient(sum(multiply(y, weights)), [x]);
    const program = await Program.compile(device, { outputs: [y, slope] });
    const isMasked = (i: number) => VISIBLE[Math.floor(i / MAP)] === 0;
    const feeds = {
      x: randomArray(x.size),
      // of the loss of visible patches alone
      weights: randomArray(x.size).map((value, i) => isMasked(i) ? 0 : value),
      key: Uint32Array.of(5, 6),
    };
    const [before, visibleSlope] = await program.evaluate(feeds);
    const changed = feeds.x.map((value, i) => isMasked(i) ? 9 - value : value);
    const [after] = await program.evaluate({ ...feeds, x: changed });
    // of the loss of masked patches alone
    const maskedWeights = randomArray(x.size).map((value, i) =>
      isMasked(i) ? value : 0
    );
    const [, maskedSlope] = await program.evaluate({
      ...feeds,
      weights: maskedWeights,
    });
    program.destroy();
    device.release(parameters.storage);

    assertEquals(
      before.filter((_, i) => isMasked(i)),
      feeds.x.filter((_, i) => isMasked(i)),
    );
    assertEquals(
      after,
      before.map((value, i) => isMasked(i) ? changed[i] : value),
    );
    assert(visibleSlope.every((value, i) => !isMasked(i) || value === 0));
    assertEquals(maskedSlope, maskedWeights);
  },
);

testOnDevices(
  "AttentionExchange: at first hardly changes anything, but changes something",
  async (device) => {
    const exchange = new AttentionExchange(64, 16, {
      width: 512,
      layers: 1,
      heads: 32,
      feedForward: 640,
      dropout: 0.1,
    });
    const { storage } = packParameters(exchange, 0);
    const x = input("x", [32, 2, 2, 64]);
    const program = await Program.compile(device, {
      outputs: [subtract(exchange.forward(x, new Context()), x)],
    });
    const [added] = await program.evaluate({ x: randomArray(x.size) });
    program.destroy();
    device.release(storage);
    const deviation = Math.hypot(...added) / Math.sqrt(added.length);
    // 512 normalised features times weights of deviation 1e-3
    assert(deviation > 0.01 && deviation < 0.05, `${deviation}`);
  },
);

Deno.test("AttentionExchange: refuses maps of parts of images, and masks of other images", () => {
  const exchange = new AttentionExchange(8, 4, {
    width: 6,
    layers: 1,
    heads: 2,
    feedForward: 6,
    dropout: 0,
  });
  packParameters(exchange, 0);
  const forward = (rows: number, visible: number[]) => () =>
    exchange.forward(
      input("x", [rows, 2, 2, 8]),
      new Context(),
      input("visible", visible),
    );
  assertThrows(
    forward(7, [2, 4]),
    RangeError,
    "7 maps are not 4 for each image",
  );
  assertThrows(
    forward(8, [4, 2]),
    RangeError,
    "visible must be [2,4], not [4,2]",
  );
});
